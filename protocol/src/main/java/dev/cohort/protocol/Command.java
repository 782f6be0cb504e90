package dev.cohort.protocol;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * Somebody asks a running cohort for something.
 *
 * @param kind what
 * @param peer whom it concerns, if a single one
 * @param incarnation the newest start of that peer that is meant, so that a peer which left and joins again is not; empty = all
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

    /** Lets a peer go: the start that is named, and later ones as long as it has not said goodbye. */
    public static Command drain(PeerId peer, long incarnation, String reason) {
        return new Command(Kind.DRAIN, Optional.of(peer), OptionalLong.of(incarnation), reason);
    }

    /** What can be asked. */
    public enum Kind {
        /** End the run after the batches in flight. */
        STOP,
        /** End the run: it cannot go on. */
        ABORT,
        /** This peer leaves after its current step. */
        DRAIN
    }
}
