package dev.cohort.peer;

import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Joining;
import java.util.Optional;

/** How a peer comes to its seat: it asks until it is answered. */
final class SeatRequest {
    private final PeerSetting setting;
    private final boolean restored;
    private Optional<Integer> slot;
    private boolean answered;
    private long askMs = Long.MIN_VALUE;

    /** @param restored whether it goes on from a checkpoint, and thus has a past in this run */
    SeatRequest(PeerSetting setting, boolean restored) {
        this.setting = setting;
        this.restored = restored;
        slot = setting.slot();
    }

    /** Its seat, once it knows it. */
    Optional<Integer> slot() {
        return slot;
    }

    /** Whether it was answered, admitted or not. */
    boolean answered() {
        return answered;
    }

    /** What follows from an answer. */
    sealed interface Answer {
        /** Nothing new. */
        record Known() implements Answer {}

        /** It has no place here. */
        record Refused(String reason) implements Answer {}

        /** It has a seat, and nothing to do with what was before {@code firstStep}. */
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
        // With a checkpoint it has a past in this run, from which it goes on.
        boolean atTheHead = slot.isEmpty() && asksForTheHead();
        slot = Optional.of(admission.slot());
        return new Answer.Seated(atTheHead ? admission.step() : 1);
    }

    /** A seat stays a peer's own over its restarts, so it need not wait to be told again, by a coordinator that may be gone. */
    private void seatedBefore(Admitted admission) {
        if (slot.isEmpty() && !admission.refused() && !asksForTheHead()) {
            slot = Optional.of(admission.slot());
        }
    }

    private boolean asksForTheHead() {
        return setting.fromHead() && !restored;
    }

    /**
     * Asks, or asks again, when it is time.
     *
     * @param trained last step trained
     * @param featureWidth of its network
     */
    Optional<Joining> ask(long nowMs, long trained, int featureWidth) {
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
                featureWidth,
                trained,
                setting.dataDigest(),
                setting.torchThreads(),
                setting.framework()));
    }

    /** When it asks again. */
    long deadlineMs() {
        return answered ? Long.MAX_VALUE : askMs;
    }
}
