package dev.cohort.cli.view;

import java.io.PrintStream;
import java.util.List;
import java.util.OptionalLong;

/** Where a person watches a run. One thread. */
public sealed interface Screen {
    /** Says one line that stays. */
    void say(String line);

    /** Shows how the run stands; cheap enough to be called several times a second. */
    void show(RunView view, long nowMs);

    /** Takes away what {@link #show} has drawn and may draw again. */
    default void clear() {}

    /** What is drawn of a run. */
    interface Drawing {
        /** Lines without line ends. */
        List<String> lines(RunView view, long nowMs);
    }

    /** A screen that shows nothing. */
    static Screen quiet() {
        return new Quiet();
    }

    /** Lines for a file or a pipe, a few a minute. */
    static Screen lines(PrintStream out) {
        return new Lines(out, new PlainLines(5000));
    }

    /** A table that is drawn over and over at the bottom of a terminal. */
    static Screen terminal(PrintStream out) {
        return new Terminal(out, LiveTable::render);
    }

    /** Draws something else at the bottom of a terminal. */
    static Screen terminal(PrintStream out, Drawing drawing) {
        return new Terminal(out, drawing);
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
            out.println(line);
        }

        @Override
        public void show(RunView view, long nowMs) {
            lines.next(view, nowMs).forEach(out::println);
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
            out.println(line);
        }

        @Override
        public void show(RunView view, long nowMs) {
            if (printedMs.isEmpty() || nowMs - printedMs.getAsLong() >= everyMs) {
                printedMs = OptionalLong.of(nowMs);
                drawing.lines(view, nowMs).forEach(out::println);
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

        private final PrintStream out;
        private final Drawing drawing;
        private List<String> drawn = List.of();

        Terminal(PrintStream out, Drawing drawing) {
            this.out = out;
            this.drawing = drawing;
        }

        @Override
        public void say(String line) {
            List<String> table = drawn;
            out.print(erase() + line + "\n");
            drawn = List.of();
            draw(table);
        }

        @Override
        public void show(RunView view, long nowMs) {
            List<String> table = drawing.lines(view, nowMs);
            if (!table.equals(drawn)) {
                draw(table);
            }
        }

        @Override
        public void clear() {
            out.print(erase());
            out.flush();
            drawn = List.of();
        }

        private String erase() {
            return drawn.isEmpty() ? "" : "\u001b[" + drawn.size() + "A" + ERASE_BELOW;
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
