package dev.cohort.study.view;

import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.LongConsumer;
import java.util.function.Supplier;

/** Lines that tell how far a command is, at most one a second. One thread. */
public final class ProgressLines {
    private static final long EVERY_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Consumer<String> out;
    private final boolean quiet;
    private long nextNanos = System.nanoTime() + EVERY_NANOS;

    /** @param quiet whether nothing is told */
    public ProgressLines(Consumer<String> out, boolean quiet) {
        this.out = out;
        this.quiet = quiet;
    }

    /** Tells the line if it is time for one. */
    public void say(Supplier<String> line) {
        if (!quiet && System.nanoTime() >= nextNanos) {
            nextNanos = System.nanoTime() + EVERY_NANOS;
            out.accept(line.get());
        }
    }

    /**
     * Takes the step that was reached.
     *
     * @param what is being done, with what stands between it and the step; may be empty
     * @param steps of the whole run
     */
    public LongConsumer steps(String what, long steps) {
        return step -> say(() -> what + "step " + step + " of " + steps);
    }
}
