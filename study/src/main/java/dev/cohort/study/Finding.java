package dev.cohort.study;

import dev.cohort.protocol.PeerId;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Something in a log that is not as it must be.
 *
 * @param step where it shows; empty for what belongs to no step
 * @param peer whose it is; empty for what is everybody's
 * @param field what differs, such as {@code prediction.logits} or {@code outcome.terms[0]}
 * @param detail what was found and what was expected, one line
 */
public record Finding(Kind kind, OptionalLong step, Optional<PeerId> peer, String field, String detail) {
    /** What is wrong. */
    public enum Kind {
        /** Records that cannot be read. */
        UNREADABLE,
        /** Something that was said and is not in the log. */
        MISSING,
        /** Something that is not what it follows from. */
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
