package dev.cohort.protocol;

import java.util.Optional;

/**
 * Somebody asks a running cohort for something.
 *
 * @param kind what
 * @param peer whom it concerns, if a single one
 * @param reason for people
 */
public record Command(Kind kind, Optional<PeerId> peer, String reason) implements Message {
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
