package dev.cohort.peer;

import dev.cohort.peer.CheckpointStore.Checkpoint;
import dev.cohort.protocol.Positions;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Decides when a peer writes a checkpoint: at a fixed interval of steps, and after each evaluation. The learner's state is
 * copied at once, since the next forward pass already changes the batch-norm statistics, and written by a later call: within an
 * epoch while the peer waits for an outcome; after an evaluation by the very next call, when the evaluation is on its way to
 * the log. If the checkpoint were written first, a peer that died in between would continue after an evaluation that was never
 * published.
 */
final class CheckpointSchedule {
    private final CheckpointStore store;
    private final long everySteps;
    private Optional<Unwritten> unwritten = Optional.empty();

    /** @param testAccuracy of an evaluated network */
    private record Unwritten(Checkpoint checkpoint, OptionalDouble testAccuracy) {}

    /** @param everySteps 0 for evaluations alone */
    CheckpointSchedule(CheckpointStore store, long everySteps) {
        this.store = store;
        this.everySteps = everySteps;
    }

    /**
     * Called after an update that no evaluation follows; a checkpoint before an evaluation would make a restarted peer omit the
     * evaluation.
     */
    void updated(long firstStep, long step, Learner learner) {
        if (everySteps > 0 && step % everySteps == 0) {
            copy(firstStep, step, learner, OptionalDouble.empty());
        }
    }

    /** Called when the evaluation after {@code step} is about to be published. */
    void evaluated(long firstStep, long step, Learner learner, double testAccuracy) {
        copy(firstStep, step, learner, OptionalDouble.of(testAccuracy));
    }

    private void copy(long firstStep, long step, Learner learner, OptionalDouble testAccuracy) {
        unwritten = Optional.of(
                new Unwritten(new Checkpoint(firstStep, step, learner.snapshot(), Positions.NONE), testAccuracy));
    }

    /** Whether a checkpoint waits for {@link #write}. */
    boolean waits() {
        return unwritten.isPresent();
    }

    /** Whether the waiting checkpoint must be written before any other work. */
    boolean isDue() {
        return unwritten.filter(u -> u.testAccuracy().isPresent()).isPresent();
    }

    void write() {
        unwritten.ifPresent(u -> {
            if (u.testAccuracy().isPresent()) {
                store.keep(u.checkpoint(), u.testAccuracy().getAsDouble());
            } else {
                store.save(u.checkpoint());
            }
        });
        unwritten = Optional.empty();
    }
}
