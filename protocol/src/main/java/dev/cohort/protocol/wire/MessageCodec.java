package dev.cohort.protocol.wire;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.DiscardUnknownFieldsParser;
import com.google.protobuf.Parser;
import com.google.protobuf.UnsafeByteOperations;
import com.google.protobuf.WireFormat;
import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Unsayable;
import dev.cohort.protocol.wire.proto.Wire;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Encodes and decodes the messages of one run. Decoding accepts bytes from untrusted senders: it allocates little, copies neither
 * tensors nor pixels, and never throws. Immutable, and therefore thread-safe.
 */
public final class MessageCodec {
    private static final int DETAIL_CHARS_MAX = 300;
    private static final int SENDER_TAG = Wire.Envelope.SENDER_FIELD_NUMBER << 3 | WireFormat.WIRETYPE_LENGTH_DELIMITED;

    private final String runId;
    private final Limits limits;
    private final WireReader reader;
    private final Parser<Wire.Envelope> parser = DiscardUnknownFieldsParser.wrap(Wire.Envelope.parser());

    /**
     * @param runId written into every record; records of another run are rejected
     * @throws IllegalArgumentException when {@code runId} is empty or too long
     */
    public MessageCodec(String runId, Limits limits) {
        this.runId = runId;
        this.limits = limits;
        this.reader = new WireReader(new Checks(limits));
        requireName("run id", runId);
    }

    /**
     * The record of {@code message}.
     *
     * @param sender a peer id or the name of a process
     * @throws IllegalArgumentException when the record would be larger than {@link Limits#messageBytesMax} or have more fields
     *     than {@link Limits#fieldsMax}, or the sender is empty or too long
     */
    public byte[] encode(Message message, String sender) {
        requireName("sender", sender);
        Wire.Envelope.Builder envelope = Wire.Envelope.newBuilder()
                .setProtocolVersion(Manifest.PROTOCOL_VERSION)
                .setRunId(runId)
                .setSender(sender);
        WireWriter.write(message, envelope);
        Wire.Envelope built = envelope.build();
        int bytes = built.getSerializedSize();
        if (bytes > limits.messageBytesMax() || bytes < 0) {
            throw new IllegalArgumentException(message.getClass().getSimpleName() + " of " + (bytes & 0xffffffffL)
                    + " bytes: must be at most " + limits.messageBytesMax() + " to be sent");
        }
        byte[] record = built.toByteArray();
        try {
            FieldScan.check(record, limits);
        } catch (IOException e) {
            throw new IllegalStateException("Protobuf wrote a record that it cannot read", e);
        }
        return record;
    }

    /** Decodes any record; {@code bytes} must never change afterwards. */
    public Decoding decode(byte[] bytes) {
        try {
            return read(parse(bytes));
        } catch (Refusal e) {
            return rejected(e.reason(), senderOf(bytes), e.detail(), Optional.empty());
        } catch (IOException e) {
            return rejected(Reason.MALFORMED, senderOf(bytes), String.valueOf(e.getMessage()), Optional.empty());
        }
    }

    private Wire.Envelope parse(byte[] bytes) throws IOException {
        if (bytes.length > limits.messageBytesMax()) {
            throw new Refusal(
                    Reason.OVERSIZED,
                    "record of " + bytes.length + " bytes: must be at most " + limits.messageBytesMax());
        }
        FieldScan.check(bytes, limits);
        // Only this way of reading an array yields ByteStrings that are views of it.
        CodedInputStream in = UnsafeByteOperations.unsafeWrap(bytes).newCodedInput();
        in.enableAliasing(true);
        in.setRecursionLimit(limits.nestingMax() + 1);
        return parser.parseFrom(in);
    }

    private Decoding read(Wire.Envelope envelope) {
        int version = envelope.getProtocolVersion();
        if (Integer.compareUnsigned(version, Manifest.PROTOCOL_VERSION) > 0) {
            throw new Refusal(
                    Reason.FUTURE_VERSION,
                    "protocol version " + Integer.toUnsignedString(version) + ": this program reads "
                            + Manifest.PROTOCOL_VERSION + "; update it");
        }
        if (version < 1) {
            throw new Refusal(Reason.BAD_VALUE, "no protocol version");
        }
        if (version < Manifest.PROTOCOL_VERSION) {
            throw new Refusal(
                    Reason.PAST_VERSION,
                    "protocol version " + version + ": this program reads " + Manifest.PROTOCOL_VERSION
                            + "; study the run with the Cohort that wrote it");
        }
        if (!envelope.getRunId().equals(runId)) {
            throw new Refusal(Reason.WRONG_RUN, "run '" + envelope.getRunId() + "': must be '" + runId + "'");
        }
        if (!isName(envelope.getSender())) {
            throw new Refusal(
                    Reason.BAD_VALUE, "sender: must be 1 to " + limits.nameCharsMax() + " printable characters");
        }
        String sender = envelope.getSender();
        try {
            return new Decoding.Accepted(reader.message(envelope), sender);
        } catch (Refusal e) {
            return refused(e.reason(), sender, e.detail(), envelope);
        } catch (Unsayable e) {
            return refused(reason(e.kind()), sender, String.valueOf(e.getMessage()), envelope);
        } catch (IllegalArgumentException | ArithmeticException | IndexOutOfBoundsException e) {
            // Constructors of messages throw these, too.
            return refused(Reason.BAD_VALUE, sender, String.valueOf(e.getMessage()), envelope);
        }
    }

    private static Reason reason(Unsayable.Kind kind) {
        return switch (kind) {
            case OVERSIZED -> Reason.OVERSIZED;
            case BAD_TENSOR -> Reason.BAD_TENSOR;
            case NOT_FINITE -> Reason.NOT_FINITE;
            case BAD_VALUE -> Reason.BAD_VALUE;
        };
    }

    private Decoding.Rejected refused(Reason reason, String sender, String detail, Wire.Envelope envelope) {
        return rejected(reason, sender, detail, reader.standIn(envelope, reason, printable(detail)));
    }

    private static Decoding.Rejected rejected(
            Reason reason, String sender, String detail, Optional<Prediction> standIn) {
        return new Decoding.Rejected(reason, sender, printable(detail), standIn);
    }

    /** The sender, if it can be read before the body begins, so that even a damaged record is counted by sender. */
    private String senderOf(byte[] bytes) {
        try {
            CodedInputStream in = CodedInputStream.newInstance(bytes);
            for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
                int field = WireFormat.getTagFieldNumber(tag);
                if (field >= Wire.Envelope.SENDER_FIELD_NUMBER) {
                    return tag == SENDER_TAG ? shortString(in) : "";
                }
                if (!in.skipField(tag)) {
                    return "";
                }
            }
            return "";
        } catch (IOException e) {
            return "";
        }
    }

    private String shortString(CodedInputStream in) throws IOException {
        int bytes = in.readRawVarint32();
        if (bytes < 0 || bytes > limits.nameCharsMax()) {
            return "";
        }
        String sender = new String(in.readRawBytes(bytes), StandardCharsets.UTF_8);
        return isName(sender) ? sender : "";
    }

    private void requireName(String what, String value) {
        if (!isName(value)) {
            throw new IllegalArgumentException(what + " '" + printable(value) + "': must be 1 to "
                    + limits.nameCharsMax() + " printable characters");
        }
    }

    private boolean isName(String value) {
        return !value.isEmpty()
                && value.length() <= limits.nameCharsMax()
                && value.chars().noneMatch(Character::isISOControl);
    }

    /** The beginning of {@code text}, on one line. */
    private static String printable(String text) {
        StringBuilder line = new StringBuilder(Math.min(text.length(), DETAIL_CHARS_MAX));
        text.chars().limit(DETAIL_CHARS_MAX).forEach(c -> line.append(Character.isISOControl(c) ? ' ' : (char) c));
        return line.toString();
    }
}
