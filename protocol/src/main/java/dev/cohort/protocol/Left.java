package dev.cohort.protocol;

import dev.cohort.tensor.Digest;
import java.util.Optional;

/**
 * A peer has left and will not return by itself.
 *
 * @param reason {@code finished}, {@code drained}, ...
 * @param result what the peer reached, if it could still report a result
 * @param divergence why it cannot continue, if its numbers are no longer finite
 */
public record Left(
        PeerId peer, long incarnation, String reason, Optional<Result> result, Optional<Divergence> divergence)
        implements Message {
    public Left {
        Sayable.atLeast(1, incarnation, "incarnation");
        reason = Sayable.forPeople(reason);
    }

    public static final String FINISHED = "finished";

    /** For a peer that has not diverged. */
    public Left(PeerId peer, long incarnation, String reason, Optional<Result> result) {
        this(peer, incarnation, reason, result, Optional.empty());
    }

    /**
     * @param firstStep step at which training of its weights began, whichever of its starts that was in: 1, or later for a
     *     newcomer that joined at the head; 0 in older logs, which do not record it
     * @param stepsTrained the last step it trained, 0 if none
     * @param testAccuracy accuracy on the test images after the last update, 0..1
     * @param imagesPerSecond images trained / wall time from first to last update, evaluation excluded
     * @param waitShare share of this time in which it waited, 0..1
     * @param weights digest of parameters and batch-norm buffers in the order of their names
     */
    public record Result(
            long firstStep,
            long stepsTrained,
            double testAccuracy,
            double imagesPerSecond,
            double waitShare,
            Digest weights) {
        public Result {
            Sayable.atLeast(0, firstStep, "first step");
            Sayable.atLeast(0, stepsTrained, "steps trained");
            Sayable.share(testAccuracy, "test accuracy");
            Sayable.notNegative(imagesPerSecond, "images per second");
            Sayable.notNegative(waitShare, "share of waiting");
        }
    }

    /**
     * Where training became non-finite.
     *
     * @param step of the batch at which it was found, from 1; for the test images, the last step trained
     * @param what what is not finite, and the setting that most likely helps; for people
     */
    public record Divergence(long step, String what) {
        public Divergence {
            Sayable.atLeast(1, step, "step of the divergence");
            what = Sayable.forPeople(what);
        }

        @Override
        public String toString() {
            return "diverged at step " + step + ": " + what;
        }
    }
}
