package dev.cohort.study.view;

import static dev.cohort.study.view.SampleRun.CONTROL;
import static dev.cohort.study.view.SampleRun.P1;
import static dev.cohort.study.view.SampleRun.P2;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.protocol.Left;
import dev.cohort.protocol.PeerId;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class VerdictTest {
    private static Gain gain(double peers, double ensemble) {
        return new Gain(OptionalDouble.of(peers), OptionalDouble.of(ensemble));
    }

    @Test
    void callsADifferenceWithinChanceByItsName() {
        // With four test images, hardly any difference is more than chance.
        assertThat(Verdict.sentence(SampleRun.whole(), List.of()))
                .contains("the peers with its model (resnet8) reach on average +25.0 points, within chance")
                .contains("the ensemble +50.0 points, within chance")
                .contains("one run does not show how much seeds differ");
    }

    @Test
    void comparesControlWithPeersOfItsOwnModelOnly() {
        RunView view = SampleRun.whole();
        view.on(SampleRun.finished(P1, 0.5), 0);
        view.on(SampleRun.finished(P2, 0.9), 0);
        view.on(SampleRun.finished(CONTROL, 0.5), 0);
        assertThat(Gain.of(view).orElseThrow().peers()).hasValue(0);
        assertThat(Gain.of(new Result(view, true, 1).json()).orElseThrow().peers())
                .hasValue(0);
    }

    @Test
    void doesNotCompareControlWithPeersThatJoinedLater() {
        RunView view = SampleRun.whole();
        PeerId late = new PeerId("late");
        view.on(SampleRun.joining(late, 1, 0), 0);
        view.on(
                new Left(
                        late,
                        1,
                        Left.FINISHED,
                        Optional.of(new Left.Result(8, 10, 0.1, 800, 0.1, SampleRun.digest(78)))),
                0);
        assertThat(Gain.of(view)).isEqualTo(Gain.of(SampleRun.whole()));
        assertThat(Gain.of(new Result(view, true, 1).json()))
                .isEqualTo(Gain.of(new Result(SampleRun.whole(), true, 1).json()));
    }

    @Test
    void claimsADifferenceOnlyBeyondTheSpreadOverSeeds() {
        RunView view = SampleRun.whole();
        assertThat(Verdict.sentence(view, List.of(gain(0.26, 0.1), gain(0.24, 0.9))))
                .contains("reach on average +25.0 points ± 2.5, more than the spread over seeds")
                .contains("the ensemble +50.0 points ± 99.3, within the spread over seeds")
                .contains("mean over 3 runs");
    }

    @Test
    void reportsADifferenceForTheWorse() {
        RunView view = SampleRun.view();
        view.on(SampleRun.finished(P1, 0.25), 0);
        view.on(SampleRun.finished(CONTROL, 0.5), 0);
        assertThat(Verdict.sentence(view, List.of(gain(-0.26, 0), gain(-0.24, 0))))
                .contains("-25.0 points ± 2.5, more than the spread over seeds, for the worse");
    }

    @Test
    void claimsNothingWithoutAControl() {
        RunView view = SampleRun.view();
        view.on(SampleRun.finished(P1, 0.5), 0);
        view.on(SampleRun.finished(P2, 0.5), 0);
        assertThat(Verdict.sentence(view, List.of())).startsWith("There is no control peer");
        view.on(SampleRun.finished(CONTROL, 0.5), 0);
        assertThat(Verdict.sentence(view, List.of())).startsWith("Against the control peer");
    }

    @Test
    void claimsNothingWithoutATest() {
        assertThat(Verdict.sentence(SampleRun.view(), List.of())).startsWith("No peer was tested");
    }

    @Test
    void takesTwoStandardErrorsForChance() {
        assertThat(Verdict.chance(0.8, 2000)).isCloseTo(2 * Math.sqrt(2 * 0.16 / 2000), within(1e-12));
    }
}
