package dev.cohort.study.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class RunsProgressTest {
    private static final List<Styled> TABLE = List.of(Styled.plain("table"));

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

    private String printed() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    @Test
    void showsTheCurrentRunAndTheTimeOfAllRuns() {
        RunsProgress course = new RunsProgress(4);
        course.took(60_000);
        course.begin(2, "dml, seed 1", 0);
        assertThat(course.lines(SampleRun.view(), 0))
                .extracting(Styled::text)
                .containsExactly(
                        "[######------------------] run 2 of 4: dml, seed 1, step 0 of 10, all done in about 3 min 0 s");
        course.begin(4, "one, seed 2", 0);
        assertThat(course.lines(SampleRun.whole(), 30_000))
                .extracting(Styled::text)
                .containsExactly(
                        "[########################] run 4 of 4: one, seed 2, step 10 of 10, all done in about 0 s");
    }

    @Test
    void hasNoEstimateBeforeTheFirstSteps() {
        RunsProgress course = new RunsProgress(2);
        course.begin(1, "dml, seed 1", 0);
        assertThat(course.lines(SampleRun.view(), 5_000))
                .extracting(Styled::text)
                .singleElement()
                .asString()
                .endsWith(", starting");
    }

    @Test
    void printsALineNowAndThenIntoALog() {
        Screen screen = Screen.lines(out, (view, now) -> TABLE, 1000);
        for (long now = 0; now <= 2000; now += 250) {
            screen.show(SampleRun.view(), now);
        }
        assertThat(printed().lines()).containsExactly("table", "table", "table");
    }

    @Test
    void isDrawnOverInATerminalAndTakenAwayInTheEnd() {
        Screen screen = Screen.terminal(out, (view, now) -> TABLE, OptionalInt::empty, OptionalInt::empty);
        Screen.muted(screen).say("Starting a broker");
        Screen.muted(screen).show(SampleRun.view(), 0);
        screen.say("done");
        screen.clear();
        assertThat(printed()).doesNotContain("Starting").contains("table").contains("done");
        assertThat(printed()).endsWith("\u001b[1A\r\u001b[0J");
        screen.clear();
        assertThat(printed()).endsWith("\u001b[1A\r\u001b[0J");
    }
}
