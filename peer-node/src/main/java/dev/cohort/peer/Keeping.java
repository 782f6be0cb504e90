package dev.cohort.peer;

import dev.cohort.peer.CheckpointStore.Checkpoint;
import dev.cohort.protocol.Positions;
import java.util.Optional;

/**
 * When a peer keeps a checkpoint: every so many steps, and after each evaluation. Between epochs the learner's state is copied at
 * once, since the next forward pass already moves the statistics of batch normalisation, but written when there is time: while
 * the peer waits for an outcome.
 */
final class Keeping {
    private final CheckpointStore store;
    private final long everySteps;
    private Optional<Checkpoint> unwritten = Optional.empty();

    /** @param everySteps 0 for evaluations alone */
    Keeping(CheckpointStore store, long everySteps) {
        this.store = store;
        this.everySteps = everySteps;
    }

    /** An update was made that no evaluation follows: a checkpoint before an evaluation would make a restarted peer omit it. */
    void updated(long firstStep, long step, Learner learner) {
        if (everySteps > 0 && step % everySteps == 0) {
            unwritten = Optional.of(new Checkpoint(firstStep, step, learner.snapshot(), Positions.NONE));
        }
    }

    /** Whether there is something to {@link #write}. */
    boolean waits() {
        return unwritten.isPresent();
    }

    void write() {
        unwritten.ifPresent(store::save);
        unwritten = Optional.empty();
    }

    void evaluated(long firstStep, long step, Learner learner, double testAccuracy) {
        store.keep(new Checkpoint(firstStep, step, learner.snapshot(), Positions.NONE), testAccuracy);
    }
}
