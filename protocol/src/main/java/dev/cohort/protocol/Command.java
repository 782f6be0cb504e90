package dev.cohort.protocol;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * A request to a running cohort, from an operator or a coordinator.
 *
 * @param peer the peer concerned, for {@link Kind#DRAIN}
 * @param incarnation the newest start of this peer that is concerned; a later start, after the peer has left, is not; empty = all
 * @param reason for people
 */
public record Command(Kind kind, Optional<PeerId> peer, OptionalLong incarnation, String reason) implements Message {
    public Command {
        incarnation.ifPresent(i -> Sayable.atLeast(1, i, "incarnation"));
        reason = Sayable.forPeople(reason);
    }

    public Command(Kind kind, Optional<PeerId> peer, String reason) {
        this(kind, peer, OptionalLong.empty(), reason);
    }

    /** Drains a peer: start {@code incarnation}, and later starts until the peer has published {@link Left}. */
    public static Command drain(PeerId peer, long incarnation, String reason) {
        return new Command(Kind.DRAIN, Optional.of(peer), OptionalLong.of(incarnation), reason);
    }

    /** What is requested. */
    public enum Kind {
        /** End the run after the batches in flight. */
        STOP,
        /** End the run, which cannot continue. */
        ABORT,
        /** The peer leaves after its current step. */
        DRAIN
    }
}
