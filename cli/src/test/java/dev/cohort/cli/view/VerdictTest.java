package dev.cohort.cli.view;

import static dev.cohort.cli.view.SampleRun.CONTROL;
import static dev.cohort.cli.view.SampleRun.P1;
import static dev.cohort.cli.view.SampleRun.P2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class VerdictTest {
    @Test
    void callsADifferenceWithinChanceByItsName() {
        // Four test images: almost nothing is more than chance.
        assertThat(Verdict.sentence(SampleRun.whole()))
                .contains("the peers' mean is +25.0 points (within chance)")
                .contains("their ensemble is +50.0 points (within chance)")
                .contains("one run gives no spread over seeds");
    }

    @Test
    void claimsNothingWithoutAControl() {
        RunView view = SampleRun.view();
        view.on(SampleRun.finished(P1, 0.5), 0);
        view.on(SampleRun.finished(P2, 0.5), 0);
        assertThat(Verdict.sentence(view)).startsWith("There is no control peer");
        view.on(SampleRun.finished(CONTROL, 0.5), 0);
        assertThat(Verdict.sentence(view)).startsWith("Against the control peer");
    }

    @Test
    void claimsNothingWithoutATest() {
        assertThat(Verdict.sentence(SampleRun.view())).startsWith("No peer was tested");
    }

    @Test
    void takesTwoStandardErrorsForChance() {
        assertThat(Verdict.chance(0.8, 2000)).isCloseTo(2 * Math.sqrt(2 * 0.16 / 2000), within(1e-12));
    }
}
