package dev.cohort.study.view;

import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/** Prints the progress of a command, at most one line per second. One thread. */
public final class ProgressLines {
    private static final long EVERY_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Consumer<String> out;
    private final boolean quiet;
    private long nextNanos = System.nanoTime() + EVERY_NANOS;

    /** @param quiet whether nothing is printed */
    public ProgressLines(Consumer<String> out, boolean quiet) {
        this.out = out;
        this.quiet = quiet;
    }

    /** Prints the line if the last one is old enough. */
    public void say(Supplier<String> line) {
        if (!quiet && System.nanoTime() >= nextNanos) {
            nextNanos = System.nanoTime() + EVERY_NANOS;
            out.accept(line.get());
        }
    }

    /**
     * Prints the steps that it is given, with their number in the whole run.
     *
     * @param what begins the line, such as {@code "p1 trains again: "}; may be empty
     * @param steps of the whole run
     */
    public LongConsumer steps(String what, long steps) {
        return step -> say(() -> what + "step " + step + " of " + steps);
    }
}
