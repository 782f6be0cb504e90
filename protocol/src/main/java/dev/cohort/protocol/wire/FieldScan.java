package dev.cohort.protocol.wire;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.WireFormat;
import dev.cohort.protocol.Limits;
import dev.cohort.protocol.wire.proto.Wire;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/**
 * Counts the objects that parsing a record would create, without allocating. Millions of empty messages fit into one record and
 * would fill the memory as objects.
 */
final class FieldScan {
    private final Limits limits;
    private int fields;
    private int nesting;
    private long packedBytes;

    private FieldScan(Limits limits) {
        this.limits = limits;
    }

    /**
     * Checks the structure of {@code record}.
     *
     * @throws Refusal when the record has too many fields, is nested too deep, or has groups, which proto3 does not allow
     * @throws IOException when the record is not Protobuf
     */
    static void check(byte[] record, Limits limits) throws IOException {
        new FieldScan(limits).message(CodedInputStream.newInstance(record), Wire.Envelope.getDescriptor());
    }

    private void message(CodedInputStream in, Descriptor type) throws IOException {
        for (int tag = in.readTag(); tag != 0; tag = in.readTag()) {
            if (++fields > limits.fieldsMax()) {
                throw new Refusal(Reason.OVERSIZED, "more than " + limits.fieldsMax() + " fields");
            }
            switch (WireFormat.getTagWireType(tag)) {
                case WireFormat.WIRETYPE_LENGTH_DELIMITED ->
                    delimited(in, type.findFieldByNumber(WireFormat.getTagFieldNumber(tag)));
                case WireFormat.WIRETYPE_START_GROUP, WireFormat.WIRETYPE_END_GROUP ->
                    throw new Refusal(Reason.MALFORMED, "group: proto3 allows none");
                default -> in.skipField(tag);
            }
        }
    }

    private void delimited(CodedInputStream in, @Nullable FieldDescriptor field) throws IOException {
        int length = in.readRawVarint32();
        if (field != null && field.getJavaType() == FieldDescriptor.JavaType.MESSAGE) {
            if (++nesting > limits.nestingMax()) {
                throw new Refusal(Reason.OVERSIZED, "messages nested more than " + limits.nestingMax() + " deep");
            }
            int outer = in.pushLimit(length);
            message(in, field.getMessageType());
            in.popLimit(outer);
            nesting--;
            return;
        }
        if (field != null && field.isPackable()) {
            packedBytes += length;
            if (packedBytes > limits.packedBytesMax()) {
                throw new Refusal(Reason.OVERSIZED, "more than " + limits.packedBytesMax() + " bytes of integers");
            }
        }
        in.skipRawBytes(length);
    }
}
