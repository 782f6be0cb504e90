package dev.cohort.study.view;

import static dev.cohort.study.view.SampleRun.P1;
import static dev.cohort.study.view.SampleRun.P2;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.protocol.PeerState;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlainLinesTest {
    private final RunView view = SampleRun.view();
    private final PlainLines lines = new PlainLines(5000);

    private void train(long step) {
        view.on(SampleRun.batch(step), 0);
        view.on(SampleRun.outcome(step, P1, P2), 0);
        view.on(SampleRun.heartbeat(P1, PeerState.TRAINING, step), 0);
        view.on(SampleRun.heartbeat(P2, PeerState.TRAINING, step), 0);
    }

    @Test
    void printsEachEventOnce() {
        view.on(SampleRun.joining(P1, 1, 0), 0);
        assertThat(lines.next(view, 0)).containsExactly("p1 joined");
        assertThat(lines.next(view, 100)).isEmpty();
    }

    @Test
    void printsProgressAtMostEveryFewSeconds() {
        train(1);
        lines.next(view, 6000);
        train(2);
        assertThat(lines.next(view, 7000)).isEmpty();
        assertThat(lines.next(view, 11_000)).singleElement().asString().startsWith("step 2 of 10");
        assertThat(lines.next(view, 60_000)).as("nothing new").isEmpty();
    }

    @Test
    void printsTheAccuraciesOfAnEpochOnceAllPeersAreTested() {
        view.on(SampleRun.evaluation("p1", 0, 0.5, 2, 0, 0, 2, 2, 0, 0, 2), 0);
        view.on(SampleRun.evaluation("p2", 0, 0.75, 2, 0, 0, 2, 2, 0, 0, 2), 0);
        assertThat(lines.next(view, 0)).isEmpty();
        view.on(SampleRun.evaluation("control", 0, 0.25, 2, 0, 0, 2, 2, 0, 0, 2), 0);
        assertThat(lines.next(view, 0))
                .containsExactly("epoch 1 tested:  p1 50.0 %  p2 75.0 %  control 25.0 %  ensemble 100.0 %");
        assertThat(lines.next(view, 0)).isEmpty();
    }

    @Test
    void printsEveryEventOfALongRunOnce() {
        RunView view = SampleRun.view();
        PlainLines lines = new PlainLines(1000);
        List<String> printed = new ArrayList<>();
        for (int i = 0; i < 3 * Events.KEPT_MAX; i++) {
            view.note(0, "p1", "event " + i);
            if (i % 100 == 0) {
                printed.addAll(lines.next(view, 0));
            }
        }
        printed.addAll(lines.next(view, 0));

        assertThat(printed)
                .hasSize(3 * Events.KEPT_MAX)
                .doesNotHaveDuplicates()
                .last()
                .isEqualTo("p1 event 1499");
    }
}
