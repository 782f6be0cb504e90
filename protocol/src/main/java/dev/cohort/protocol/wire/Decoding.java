package dev.cohort.protocol.wire;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Prediction;
import java.util.Optional;

/** The result of decoding a record. */
public sealed interface Decoding {
    /** The sender named by the record, not authenticated. Empty when it could not be read. */
    String sender();

    /**
     * @param message its tensors and pixels are views of the record's bytes, which must never change afterwards
     */
    record Accepted(Message message, String sender) implements Decoding {}

    /**
     * @param detail one line of at most 300 characters, for people
     * @param standIn for a prediction whose peer and step can be read: the prediction without tensors, with its flaw. Delivered
     *     to a coordinator in place of the record, so that the step does not wait for the deadline
     */
    record Rejected(Reason reason, String sender, String detail, Optional<Prediction> standIn) implements Decoding {}
}
