package dev.cohort.study.view;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ScreenTest {
    private static final Pattern UP = Pattern.compile("\u001b\\[(\\d+)A");

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);

    private String printed() {
        return bytes.toString(StandardCharsets.UTF_8);
    }

    private List<Integer> ups() {
        List<Integer> ups = new ArrayList<>();
        Matcher up = UP.matcher(printed());
        while (up.find()) {
            ups.add(Integer.parseInt(up.group(1)));
        }
        return ups;
    }

    /** Draws a table of {@code lines} lines twice, the second time with another last line. */
    private void draw(int lines, OptionalInt rows) {
        List<Styled> table = new ArrayList<>();
        for (int i = 1; i < lines; i++) {
            table.add(Styled.plain("line " + i));
        }
        Screen screen = Screen.terminal(
                out,
                (view, nowMs) -> {
                    List<Styled> all = new ArrayList<>(table);
                    all.add(Styled.plain("progress " + nowMs));
                    return all;
                },
                () -> rows,
                OptionalInt::empty);
        screen.show(SampleRun.view(), 1);
        screen.show(SampleRun.view(), 2);
        screen.say("a line");
    }

    @Test
    void drawsNoMoreThanTheTerminalHasRows() {
        draw(40, OptionalInt.of(24));

        assertThat(ups()).isNotEmpty().allMatch(up -> up < 24);
        assertThat(printed())
                .contains(
                        "line 1\n",
                        "line 16\n",
                        "... 18 more lines do not fit into the terminal",
                        "line 35\n",
                        "progress 2")
                .doesNotContain("line 17\n", "line 34\n");
    }

    @Test
    void drawsTheEndWhereThereIsHardlyRoom() {
        draw(9, OptionalInt.of(5));

        assertThat(ups()).isNotEmpty().allMatch(up -> up < 5);
        assertThat(printed()).contains("line 6\nline 7\nline 8\nprogress 2").doesNotContain("line 5\n");
    }

    @Test
    void drawsAllLinesIfTheyFitOrTheSizeIsUnknown() {
        draw(23, OptionalInt.of(24));
        draw(40, OptionalInt.empty());

        assertThat(printed()).contains("line 22\nprogress 2").contains("line 39\nprogress 2");
        assertThat(printed()).doesNotContain("do not fit");
    }

    @Test
    void printsNoEscapeSequences() {
        Screen screen = Screen.terminal(out, (view, now) -> List.of(), OptionalInt::empty, OptionalInt::empty);
        screen.say("peer \u001b[2J\nx");
        Screen.lines(out).say("peer \u001b[2J\nx");

        assertThat(printed()).isEqualTo("peer \\u001b[2J\\u000ax\n".repeat(2));
    }

    @Test
    void parsesTheSizeThatSttyPrints() {
        assertThat(TerminalRows.parsed("24 80\n").rows()).hasValue(24);
        assertThat(TerminalRows.parsed("24 80\n").columns()).hasValue(80);
        assertThat(TerminalRows.parsed("0 0\n"))
                .as("a terminal that does not know")
                .isEqualTo(TerminalRows.Size.UNKNOWN);
        assertThat(TerminalRows.parsed("")).isEqualTo(TerminalRows.Size.UNKNOWN);
    }

    @Test
    void breaksASummaryBetweenWordsAndALineToCopyNowhere() {
        Screen screen = Screen.terminal(out, (view, now) -> List.of(), OptionalInt::empty, () -> OptionalInt.of(20));
        screen.tell("Distillation helped by 1.6 points.");
        screen.tell("Test accuracy:  p1 81.2 %  ensemble 83.0 %");
        screen.say("cohort join --run a --bootstrap b:1");

        assertThat(printed()).isEqualTo("""
                Distillation helped
                  by 1.6 points.
                Test accuracy:
                  p1 81.2 %
                  ensemble 83.0 %
                cohort join --run a --bootstrap b:1
                """);
    }

    @Test
    void leavesTheTableOnceAndWithoutProgress() {
        Screen screen = Screen.terminal(
                out, (view, now) -> List.of(Styled.plain("progress")), OptionalInt::empty, OptionalInt::empty);
        screen.show(SampleRun.view(), 1);
        screen.end(List.of(Styled.plain("the end")));
        screen.tell("summary");

        String afterErasing = printed().substring(printed().lastIndexOf("\u001b[0J"));
        assertThat(afterErasing).contains("the end").endsWith("summary\n").doesNotContain("progress");
        assertThat(afterErasing.split("the end", -1)).hasSize(2);
    }
}
