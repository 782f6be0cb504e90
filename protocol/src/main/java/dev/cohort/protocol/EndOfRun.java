package dev.cohort.protocol;

import java.util.OptionalLong;

/**
 * Finds the last step of a run from the topic of the batches, read from its beginning: {@link End#lastStep}, or the highest step
 * before the {@link End} in the log if it is higher. A restarted augmenter may end the run before it has read all batches of its
 * predecessor: batches before the end count, batches after it do not.
 */
public final class EndOfRun {
    private long highest;
    private OptionalLong lastStep = OptionalLong.empty();

    /** Takes the next batch of the log; false if it comes after the end and does not count. */
    public boolean batch(Batch batch) {
        if (lastStep.isPresent()) {
            return batch.step() <= lastStep.getAsLong();
        }
        highest = Math.max(highest, batch.step());
        return true;
    }

    /** Takes the next end of the log; the first one counts. */
    public void end(End end) {
        if (lastStep.isEmpty()) {
            lastStep = OptionalLong.of(Math.max(highest, end.lastStep()));
        }
    }

    /** The last step of the run, once it is known. */
    public OptionalLong lastStep() {
        return lastStep;
    }

    /** Whether {@code step} is known to be the last step. */
    public boolean isLast(long step) {
        return lastStep.isPresent() && lastStep.getAsLong() == step;
    }
}
