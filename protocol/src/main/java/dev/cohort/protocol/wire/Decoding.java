package dev.cohort.protocol.wire;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Prediction;
import java.util.Optional;

/** What became of the bytes of a record. */
public sealed interface Decoding {
    /**
     * Who wrote the record, as the record itself says; not proved. Empty when it could not be read.
     */
    String sender();

    /**
     * @param message tensors and pixels in it are views of the record's bytes, which must never change afterwards
     */
    record Accepted(Message message, String sender) implements Decoding {}

    /**
     * @param detail one line of at most 300 characters, for people
     * @param standIn when this was a prediction that says whose it is and of which step: that prediction without any tensor,
     *     with its flaw. Handed to a coordinator in place of it, it answers the wait, so that the others need not wait for a
     *     deadline
     */
    record Rejected(Reason reason, String sender, String detail, Optional<Prediction> standIn) implements Decoding {}
}
