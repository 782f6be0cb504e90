package dev.cohort.protocol;

import java.util.OptionalLong;

/**
 * Where a run ends, as the topic of the batches says when it is read from its beginning: {@link End#lastStep}, or the highest
 * step before it in the log if that is higher. For an augmenter that has just restarted may end the run before it has read
 * what the one before it had sent; those batches count, and batches that land behind the end do not.
 */
public final class EndOfRun {
    private long highest;
    private OptionalLong lastStep = OptionalLong.empty();

    /** Takes the next batch of the log; false when it is none of this run's. */
    public boolean batch(Batch batch) {
        if (lastStep.isPresent()) {
            return batch.step() <= lastStep.getAsLong();
        }
        highest = Math.max(highest, batch.step());
        return true;
    }

    /** Takes an end; the first one counts. */
    public void end(End end) {
        if (lastStep.isEmpty()) {
            lastStep = OptionalLong.of(Math.max(highest, end.lastStep()));
        }
    }

    /** The last step of the run, once it is known. */
    public OptionalLong lastStep() {
        return lastStep;
    }

    /** Whether {@code step} is known to be the last one. */
    public boolean isLast(long step) {
        return lastStep.isPresent() && lastStep.getAsLong() == step;
    }
}
