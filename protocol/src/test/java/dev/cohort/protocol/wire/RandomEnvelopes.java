package dev.cohort.protocol.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.wire.proto.Wire;
import java.util.List;
import java.util.SplittableRandom;

/** Draws well-formed envelopes with arbitrary content: each field is absent or random, often with an extreme value. */
final class RandomEnvelopes {
    private static final int DEPTH_MAX = 9;

    private static final long[] NUMBERS = {
        0, 1, 2, 3, -1, 255, 256, 1 << 16, Integer.MAX_VALUE, Integer.MIN_VALUE, 1L << 40
    };
    private static final double[] REALS = {0, 1, 0.5, -0.0, -1, 1e-320, 1e308, Double.NaN, Double.POSITIVE_INFINITY};
    private static final List<String> TEXTS = List.of(
            "",
            "p1",
            "logits",
            "features",
            "*teacher",
            "a\nb",
            "\u001b[2J",
            "predictions-0=3",
            "batches--1=2",
            "\ud83d\ude00");

    private final SplittableRandom random;

    RandomEnvelopes(long seed) {
        random = new SplittableRandom(seed);
    }

    /** An envelope with a valid header and a random body. */
    byte[] next() {
        Wire.Envelope.Builder envelope = Wire.Envelope.newBuilder()
                .setProtocolVersion(Manifest.PROTOCOL_VERSION)
                .setRunId("r1")
                .setSender("p1");
        List<FieldDescriptor> bodies =
                Wire.Envelope.getDescriptor().getOneofs().get(0).getFields();
        FieldDescriptor body = bodies.get(random.nextInt(bodies.size()));
        envelope.setField(body, filled(envelope.newBuilderForField(body), 1));
        return envelope.build().toByteArray();
    }

    private Message filled(Message.Builder message, int depth) {
        for (FieldDescriptor field : message.getDescriptorForType().getFields()) {
            if (random.nextInt(4) == 0 || (depth == DEPTH_MAX && isMessage(field))) {
                continue;
            }
            if (!field.isRepeated()) {
                message.setField(field, value(message, field, depth));
                continue;
            }
            for (int left = random.nextInt(4); left > 0; left--) {
                message.addRepeatedField(field, value(message, field, depth));
            }
        }
        return message.build();
    }

    private static boolean isMessage(FieldDescriptor field) {
        return field.getJavaType() == FieldDescriptor.JavaType.MESSAGE;
    }

    private Object value(Message.Builder message, FieldDescriptor field, int depth) {
        return switch (field.getJavaType()) {
            case INT -> random.nextInt(3) > 0 ? random.nextInt(4) : (int) NUMBERS[random.nextInt(NUMBERS.length)];
            case LONG -> random.nextInt(3) > 0 ? random.nextLong(4) : NUMBERS[random.nextInt(NUMBERS.length)];
            case DOUBLE -> random.nextInt(3) > 0 ? random.nextDouble() : REALS[random.nextInt(REALS.length)];
            case FLOAT -> (float) random.nextDouble();
            case BOOLEAN -> random.nextBoolean();
            case STRING -> TEXTS.get(random.nextInt(TEXTS.size()));
            case BYTE_STRING -> ByteString.copyFrom(new byte[random.nextInt(3) > 0 ? 32 : random.nextInt(70)]);
            case ENUM ->
                field.getEnumType()
                        .getValues()
                        .get(random.nextInt(field.getEnumType().getValues().size()));
            case MESSAGE -> filled(message.newBuilderForField(field), depth + 1);
        };
    }
}
