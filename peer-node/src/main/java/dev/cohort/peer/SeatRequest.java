package dev.cohort.peer;

import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Joining;
import java.util.Optional;

/** Asks for a peer's seat until the coordinator answers. */
final class SeatRequest {
    private final PeerSetting setting;
    private final boolean restored;
    private Optional<Integer> slot;
    private boolean answered;
    private long askMs = Long.MIN_VALUE;

    /** @param restored whether the peer continues from a checkpoint, and so has trained in this run before */
    SeatRequest(PeerSetting setting, boolean restored) {
        this.setting = setting;
        this.restored = restored;
        slot = setting.slot();
    }

    /** The seat, once it is known. */
    Optional<Integer> slot() {
        return slot;
    }

    /** Whether an answer has arrived, be it an admission or a refusal. */
    boolean answered() {
        return answered;
    }

    /** What an answer means for the peer. */
    sealed interface Answer {
        /** Nothing new. */
        record Known() implements Answer {}

        /** The peer may not join. */
        record Refused(String reason) implements Answer {}

        /** The peer has a seat and skips the steps before {@code firstStep}. */
        record Seated(long firstStep) implements Answer {}
    }

    Answer take(Admitted admission) {
        if (!admission.peer().equals(setting.id())) {
            return new Answer.Known();
        }
        if (admission.incarnation() < setting.incarnation()) {
            seatedBefore(admission);
        }
        if (admission.incarnation() != setting.incarnation() || answered) {
            return new Answer.Known();
        }
        answered = true;
        if (admission.refused()) {
            return new Answer.Refused(admission.refusal());
        }
        // A peer with a checkpoint continues from it, not from the head.
        boolean atTheHead = slot.isEmpty() && asksForTheHead();
        slot = Optional.of(admission.slot());
        return new Answer.Seated(atTheHead ? admission.step() : 1);
    }

    /** A peer keeps its seat over restarts, so it need not wait for another answer: the coordinator may be gone. */
    private void seatedBefore(Admitted admission) {
        if (slot.isEmpty() && !admission.refused() && !asksForTheHead()) {
            slot = Optional.of(admission.slot());
        }
    }

    private boolean asksForTheHead() {
        return setting.fromHead() && !restored;
    }

    /**
     * The request, when it is time to send or resend it.
     *
     * @param trained last step trained
     * @param learner the peer's network
     */
    Optional<Joining> ask(long nowMs, long trained, Learner learner) {
        if (answered || nowMs < askMs) {
            return Optional.empty();
        }
        askMs = nowMs + setting.resendMs();
        return Optional.of(new Joining(
                setting.id(),
                setting.incarnation(),
                setting.model(),
                setting.device(),
                setting.observer(),
                learner.featureWidth(),
                learner.mapShapes(),
                trained,
                setting.dataDigest(),
                setting.torchThreads(),
                setting.framework()));
    }

    /** When the request is due again. */
    long deadlineMs() {
        return answered ? Long.MAX_VALUE : askMs;
    }
}
