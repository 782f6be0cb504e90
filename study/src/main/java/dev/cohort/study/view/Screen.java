package dev.cohort.study.view;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Supplier;

/** Where a person watches a run. One thread. */
public sealed interface Screen {
    /** Says one line that stays. */
    void say(String line);

    /** Shows how the run stands; cheap enough to be called several times a second. */
    void show(RunView view, long nowMs);

    /** Takes away what {@link #show} has drawn and may draw again. */
    default void clear() {}

    /** Says a text that may be broken between words, unlike a line that somebody may want to copy. */
    default void tell(String text) {
        say(text);
    }

    /** Leaves these lines where a person has watched a drawing, and no drawing. */
    default void end(List<Styled> lines) {}

    /** What is drawn of a run. */
    interface Drawing {
        List<Styled> lines(RunView view, long nowMs);
    }

    /** A screen that shows nothing. */
    static Screen quiet() {
        return new Quiet();
    }

    /** Lines for a file or a pipe, a few a minute. */
    static Screen lines(PrintStream out) {
        return new Lines(out, new PlainLines(5000));
    }

    /**
     * A table that is drawn over and over at the bottom of a terminal.
     *
     * @param out takes what moves the cursor as it is
     */
    static Screen terminal(PrintStream out) {
        return terminal(out, LiveTable::render);
    }

    /** Draws something else at the bottom of a terminal. */
    static Screen terminal(PrintStream out, Drawing drawing) {
        TerminalRows size = new TerminalRows();
        return terminal(out, drawing, size, size::columns);
    }

    /** Draws on a terminal of so many rows and columns; empty where nobody knows how many. */
    static Screen terminal(
            PrintStream out, Drawing drawing, Supplier<OptionalInt> rows, Supplier<OptionalInt> columns) {
        return new Terminal(out, drawing, rows, columns);
    }

    /** Prints something else for a file or a pipe, {@code everyMs} apart. */
    static Screen lines(PrintStream out, Drawing drawing, long everyMs) {
        return new Rare(out, drawing, everyMs);
    }

    /** The same for one of several runs that take turns: what it says of itself is left out. */
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

    /** Prints what is new. */
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

    /** Prints what is drawn, now and then. */
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

    /** Shows without a word. */
    record Muted(Screen screen) implements Screen {
        @Override
        public void say(String line) {}

        @Override
        public void show(RunView view, long nowMs) {
            screen.show(view, nowMs);
        }
    }

    /** Draws over its own last drawing. */
    final class Terminal implements Screen {
        private static final String ERASE_BELOW = "\r\u001b[0J";
        /** Lines longer than the terminal is wide are cut, else going up would miss the first line. */
        private static final String WRAP_OFF = "\u001b[?7l";

        private static final String WRAP_ON = "\u001b[?7h";

        /** With fewer rows than this, the end of a drawing is all that is shown. */
        private static final int ROWS_MIN = 10;
        /** Lines at the end of a drawing that are shown in any case. */
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

        /** As many of the lines as the terminal has rows, but for the one that the cursor is in. */
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
            shown.add("... " + (tail - head) + " more, for which the terminal has no room");
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
            // Of a window that was made lower meanwhile, what is above it cannot be reached.
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
