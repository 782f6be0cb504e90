package dev.cohort.study.view;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Supplier;

/** Shows a run to a person. One thread. */
public sealed interface Screen {
    /** Prints one line that stays. */
    void say(String line);

    /** Shows the state of the run; cheap enough to be called several times a second. */
    void show(RunView view, long nowMs);

    /** Erases the drawing of {@link #show}. */
    default void clear() {}

    /** Prints a text that may be broken between words, unlike a line that a person may copy. */
    default void tell(String text) {
        say(text);
    }

    /** Replaces the drawing, if any, with lines that stay. */
    default void end(List<Styled> lines) {}

    /** Draws a run. */
    interface Drawing {
        List<Styled> lines(RunView view, long nowMs);
    }

    /** A screen that shows nothing. */
    static Screen quiet() {
        return new Quiet();
    }

    /** A screen for a file or a pipe: a few lines per minute. */
    static Screen lines(PrintStream out) {
        return new Lines(out, new PlainLines(5000));
    }

    /**
     * A screen that redraws a table at the bottom of a terminal.
     *
     * @param out must pass escape sequences through
     */
    static Screen terminal(PrintStream out) {
        return terminal(out, LiveTable::render);
    }

    /** A screen that redraws {@code drawing} at the bottom of a terminal. */
    static Screen terminal(PrintStream out, Drawing drawing) {
        TerminalRows size = new TerminalRows();
        return terminal(out, drawing, size, size::columns);
    }

    /** A screen for a terminal with the given rows and columns, which may be unknown. */
    static Screen terminal(
            PrintStream out, Drawing drawing, Supplier<OptionalInt> rows, Supplier<OptionalInt> columns) {
        return new Terminal(out, drawing, rows, columns);
    }

    /** A screen for a file or a pipe that prints {@code drawing} every {@code everyMs}. */
    static Screen lines(PrintStream out, Drawing drawing, long everyMs) {
        return new Rare(out, drawing, everyMs);
    }

    /** A screen for one of several runs: shows the drawing, but prints no lines of the run. */
    static Screen muted(Screen screen) {
        return new Muted(screen);
    }

    /** Shows nothing. */
    record Quiet() implements Screen {
        @Override
        public void say(String line) {}

        @Override
        public void show(RunView view, long nowMs) {}
    }

    /** Prints new lines. */
    record Lines(PrintStream out, PlainLines lines) implements Screen {
        @Override
        public void say(String line) {
            out.println(Printable.line(line));
        }

        @Override
        public void show(RunView view, long nowMs) {
            lines.next(view, nowMs).forEach(this::say);
        }
    }

    /** Prints a drawing from time to time. */
    final class Rare implements Screen {
        private final PrintStream out;
        private final Drawing drawing;
        private final long everyMs;
        private OptionalLong printedMs = OptionalLong.empty();

        Rare(PrintStream out, Drawing drawing, long everyMs) {
            this.out = out;
            this.drawing = drawing;
            this.everyMs = everyMs;
        }

        @Override
        public void say(String line) {
            out.println(Printable.line(line));
        }

        @Override
        public void show(RunView view, long nowMs) {
            if (printedMs.isEmpty() || nowMs - printedMs.getAsLong() >= everyMs) {
                printedMs = OptionalLong.of(nowMs);
                drawing.lines(view, nowMs).forEach(line -> out.println(Printable.line(line.text())));
            }
        }
    }

    /** Shows, but prints no lines. */
    record Muted(Screen screen) implements Screen {
        @Override
        public void say(String line) {}

        @Override
        public void show(RunView view, long nowMs) {
            screen.show(view, nowMs);
        }
    }

    /** Redraws in place. */
    final class Terminal implements Screen {
        private static final String ERASE_BELOW = "\r\u001b[0J";
        /** Lines wider than the terminal are cut, otherwise moving up would miss the first line. */
        private static final String WRAP_OFF = "\u001b[?7l";

        private static final String WRAP_ON = "\u001b[?7h";

        /** With fewer rows, only the end of a drawing is shown. */
        private static final int ROWS_MIN = 10;
        /** Number of lines at the end of a drawing that are always shown. */
        private static final int TAIL = 6;

        private final PrintStream out;
        private final Drawing drawing;
        private final Supplier<OptionalInt> rows;
        private final Supplier<OptionalInt> columns;
        private List<String> drawn = List.of();

        Terminal(PrintStream out, Drawing drawing, Supplier<OptionalInt> rows, Supplier<OptionalInt> columns) {
            this.out = out;
            this.drawing = drawing;
            this.rows = rows;
            this.columns = columns;
        }

        @Override
        public void say(String line) {
            List<String> table = drawn;
            out.print(erase() + Printable.line(line) + "\n");
            drawn = List.of();
            draw(table);
        }

        @Override
        public void tell(String text) {
            Words.wrapped(text, columns.get().orElse(Integer.MAX_VALUE)).forEach(this::say);
        }

        @Override
        public void end(List<Styled> lines) {
            clear();
            lines.forEach(line -> out.print(WRAP_OFF + line.ansi() + WRAP_ON + "\n"));
            out.flush();
        }

        @Override
        public void show(RunView view, long nowMs) {
            List<String> table = fitting(
                    drawing.lines(view, nowMs).stream().map(Styled::ansi).toList());
            if (!table.equals(drawn)) {
                draw(table);
            }
        }

        /** As many lines as fit into the terminal, except for the row of the cursor. */
        private List<String> fitting(List<String> lines) {
            int room = rows.get().isPresent() ? Math.max(1, rows.get().getAsInt() - 1) : Integer.MAX_VALUE;
            if (lines.size() <= room) {
                return lines;
            }
            if (room < ROWS_MIN) {
                return lines.subList(lines.size() - room, lines.size());
            }
            int head = room - TAIL - 1;
            int tail = lines.size() - TAIL;
            List<String> shown = new ArrayList<>(lines.subList(0, head));
            shown.add("... " + (tail - head) + " more lines do not fit into the terminal");
            shown.addAll(lines.subList(tail, lines.size()));
            return shown;
        }

        @Override
        public void clear() {
            out.print(erase());
            out.flush();
            drawn = List.of();
        }

        private String erase() {
            if (drawn.isEmpty()) {
                return "";
            }
            // If the window has become smaller, rows above it cannot be reached.
            int up = rows.get().isPresent()
                    ? Math.min(drawn.size(), Math.max(1, rows.get().getAsInt() - 1))
                    : drawn.size();
            return "\u001b[" + up + "A" + ERASE_BELOW;
        }

        private void draw(List<String> table) {
            if (!table.isEmpty()) {
                out.print(erase() + WRAP_OFF + String.join("\n", table) + "\n" + WRAP_ON);
                out.flush();
            }
            drawn = table;
        }
    }
}
