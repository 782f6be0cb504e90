package dev.cohort.study.view;

import static dev.cohort.study.view.SampleRun.CONTROL;
import static dev.cohort.study.view.SampleRun.P1;
import static dev.cohort.study.view.SampleRun.P2;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.PeerState;
import java.util.List;
import org.junit.jupiter.api.Test;

class LiveTableTest {
    private static String drawn(RunView view, long nowMs) {
        return String.join(
                        "\n",
                        LiveTable.render(view, nowMs).stream().map(Styled::ansi).toList())
                .replace("\u001b[1m", "<b>")
                .replace("\u001b[2m", "<dim>")
                .replace("\u001b[0m", "</>");
    }

    @Test
    void drawsARunBeforeItsFirstMessage() {
        assertThat(drawn(SampleRun.view(), 0)).isEqualTo("""
                <dim>peer       model          state           step   lag   img/s    wait      CE      KD    train     test</>
                p1         resnet8        starting           -     -       -       -       -       -        -        -
                p2         resnet14       starting           -     -       -       -       -       -        -        -
                <b>ensemble   all peers                                                                                 -</>
                control    resnet8        starting           -     -       -       -       -       -        -        -

                [------------------------]   0 %  step 0 of 10  epoch 1  starting""");
    }

    @Test
    void drawsARunInTheMiddle() {
        RunView view = SampleRun.view();
        List.of(P1, P2, CONTROL).forEach(p -> view.on(SampleRun.joining(p, 1, 0), 0));
        for (long step = 1; step <= 5; step++) {
            view.on(SampleRun.batch(step), 1000 * step);
            view.on(SampleRun.prediction(P1, step), 1000 * step);
            view.on(SampleRun.prediction(P2, step), 1000 * step);
            view.on(SampleRun.outcome(step, P1, P2), 1000 * step);
        }
        view.on(SampleRun.heartbeat(P1, PeerState.CATCHING_UP, 5), 5000);
        view.on(SampleRun.evaluation("p1", 0, 0.75, 2, 0, 0, 2, 2, 0, 2, 0), 5000);
        view.on(SampleRun.evaluation("p2", 0, 0.5, 2, 0, 2, 0, 2, 0, 2, 0), 5000);
        view.on(SampleRun.evaluation(Evaluation.TEACHER, 0, 0.8), 5000);
        assertThat(drawn(view, 5000)).isEqualTo("""
                <dim>peer       model          state           step   lag   img/s    wait      CE      KD    train     test</>
                p1         resnet8        catching up        5     0     812  12.3 %   0.400   0.250   50.0 %   75.0 %
                p2         resnet14       joining            4     1       -       -   0.400   0.250   50.0 %   50.0 %
                <b>ensemble   all peers                                                                            50.0 %</>
                teacher    mean_logit                                                                           80.0 %
                control    resnet8        joining            0     5       -       -       -       -        -        -

                [############------------]  50 %  step 5 of 10  epoch 1  5 s left""");
    }

    @Test
    void namesThePeerThatTheOpenStepWaitsFor() {
        RunView view = SampleRun.view();
        List.of(P1, P2, CONTROL).forEach(p -> view.on(SampleRun.joining(p, 1, 0), 0));
        view.on(SampleRun.batch(1), 0);
        view.on(SampleRun.outcome(1, P1, P2), 0);
        view.on(SampleRun.batch(2), 0);
        view.on(SampleRun.prediction(P1, 2), 0);
        assertThat(LiveTable.trouble(view, 2000)).isEmpty();
        assertThat(LiveTable.trouble(view, 6000)).contains("step 2 is open for 6 s, waits for p2");
        view.on(SampleRun.prediction(P2, 2), 0);
        assertThat(LiveTable.trouble(view, 6000)).contains("step 2 is open for 6 s, waits for the coordinator");
    }

    @Test
    void drawsNoControlCharactersOfAPeersModel() {
        RunView view = SampleRun.view();
        view.on(new Joining(P1, 1, "\u001b[2J\nx", "cpu", false, 64, 0, SampleRun.digest(0), 1), 0);

        assertThat(LiveTable.render(view, 0).get(1).ansi())
                .startsWith("p1         \\u001b[2J\\u00… ")
                .doesNotContain("\u001b", "\n");
    }

    @Test
    void drawsARunThatIsOver() {
        assertThat(drawn(SampleRun.whole(), 11_000)).isEqualTo("""
                <dim>peer       model          state           step   lag   img/s    wait      CE      KD    train     test</>
                p1         resnet8        finished          10     -     800  10.0 %   0.200   0.250   50.0 %   75.0 %
                p2         resnet14       finished          10     -     800  10.0 %   0.200   0.250   50.0 %   75.0 %
                <b>ensemble   all peers                                                                           100.0 %</>
                control    resnet8        finished          10     -     800  10.0 %   0.200       -   50.0 %   50.0 %

                [########################] 100 %  step 10 of 10  epoch 2  finishing""");
    }
}
