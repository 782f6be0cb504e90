package dev.cohort.study;

import dev.cohort.protocol.PeerId;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A fault in a log.
 *
 * @param step at which it shows; empty if it belongs to no step
 * @param peer that it concerns; empty if it concerns all
 * @param field what differs, such as {@code prediction.logits} or {@code outcome.terms[0]}
 * @param detail what was found and what was expected, one line
 */
public record Finding(Kind kind, OptionalLong step, Optional<PeerId> peer, String field, String detail) {
    /** Kind of fault. */
    public enum Kind {
        /** Records that cannot be read. */
        UNREADABLE,
        /** A message that must have been published is not in the log. */
        MISSING,
        /** A value differs from the one computed again. */
        DIFFERS
    }

    static Finding of(Kind kind, long step, String field, String detail) {
        return new Finding(kind, OptionalLong.of(step), Optional.empty(), field, detail);
    }

    static Finding of(Kind kind, long step, PeerId peer, String field, String detail) {
        return new Finding(kind, OptionalLong.of(step), Optional.of(peer), field, detail);
    }

    /** One line for people. */
    public String sentence() {
        StringBuilder line = new StringBuilder();
        step.ifPresent(s -> line.append("step ").append(s).append(", "));
        peer.ifPresent(p -> line.append("peer ").append(p).append(", "));
        return line.append(field).append(": ").append(detail).toString();
    }
}
