package dev.cohort.protocol.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.cohort.protocol.Limits;
import dev.cohort.protocol.wire.proto.Wire;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Makes invalid records from a seed, as a faulty or hostile peer may write them. Each is made from a valid prediction of a peer,
 * so that it passes for one of this peer's as far as it can be read.
 */
public final class Nonsense {
    private static final int DEEP = 20_000;
    private static final int HUGE_BYTES = 31 * (1 << 20) + 900_000;
    private static final int MANY = 2_000;

    private final SplittableRandom random;

    public Nonsense(long seed) {
        random = new SplittableRandom(seed);
    }

    /** What is wrong with a record. */
    public enum Kind {
        /** Logits of more or fewer columns than there are classes. */
        WRONG_WIDTH,
        /** Logits of more or fewer rows than the batch has. */
        WRONG_HEIGHT,
        /** An element type that does not fit the bytes. */
        WRONG_TYPE,
        /** One dimension, or none, or many. */
        WRONG_RANK,
        /** A shape whose product overflows. */
        WRAPPING_SHAPE,
        /** NaN or infinity among the numbers. */
        NOT_FINITE,
        /** The largest finite number. */
        LARGEST_NUMBERS,
        /** No tensor, or a tensor without bytes. */
        EMPTY,
        /** The same tensor twice. */
        TWICE,
        /** Thousands of unexpected tensors. */
        MANY_TENSORS,
        /** Names of control characters. */
        UNPRINTABLE,
        /** An unexpected tensor, nearly as large as a record may be. */
        HUGE,
        /** Messages nested twenty thousand deep. */
        DEEP,
        /** Steps, parts, incarnations and versions at the ends of their types. */
        ENDS_OF_TYPES,
        /** Another body under the same header. */
        OTHER_BODY,
        /** A few bytes changed. */
        DAMAGED,
        /** Truncated. */
        CUT_SHORT
    }

    /** A fault of this kind in {@code prediction}, a record written by {@link MessageCodec}. */
    public byte[] of(byte[] prediction, Kind kind) {
        Wire.Envelope.Builder envelope;
        try {
            envelope = Wire.Envelope.parseFrom(prediction).toBuilder();
        } catch (InvalidProtocolBufferException e) {
            throw new IllegalArgumentException("not a record of a prediction: " + e.getMessage(), e);
        }
        Wire.Prediction.Builder body = envelope.getPredictionBuilder();
        switch (kind) {
            case DAMAGED -> {
                return damaged(prediction);
            }
            case CUT_SHORT -> {
                return Arrays.copyOf(prediction, random.nextInt(prediction.length));
            }
            case DEEP -> envelope.setManifest(Wire.Manifest.getDefaultInstance());
            case OTHER_BODY -> otherBody(envelope);
            case EMPTY -> empty(body);
            case TWICE -> body.addTensors(body.getTensors(0));
            case MANY_TENSORS -> manyTensors(body);
            case UNPRINTABLE -> unprintable(envelope, body);
            case ENDS_OF_TYPES -> endsOfTypes(body);
            case HUGE ->
                body.addTensors(named("extra", Wire.DType.DTYPE_FLOAT16, new byte[HUGE_BYTES], HUGE_BYTES / 2));
            case WRONG_WIDTH, WRONG_HEIGHT, WRONG_TYPE, WRONG_RANK, WRAPPING_SHAPE, NOT_FINITE, LARGEST_NUMBERS ->
                logits(body, kind);
        }
        return kind == Kind.DEEP ? deep(envelope) : envelope.build().toByteArray();
    }

    /** A fault of a random kind, rarely {@link Kind#HUGE}. */
    public byte[] of(byte[] prediction) {
        Kind kind = Kind.values()[random.nextInt(Kind.values().length)];
        return of(prediction, kind == Kind.HUGE && random.nextInt(50) > 0 ? Kind.DAMAGED : kind);
    }

    /** A few bytes, or bits, of any record changed. */
    public byte[] damaged(byte[] record) {
        byte[] damaged = record.clone();
        for (int left = 1 + random.nextInt(4); left > 0; left--) {
            int at = random.nextInt(damaged.length);
            damaged[at] = (byte) (random.nextBoolean() ? random.nextInt() : damaged[at] ^ (1 << random.nextInt(8)));
        }
        return damaged;
    }

    private void logits(Wire.Prediction.Builder body, Kind kind) {
        Wire.Tensor.Builder tensor = body.getTensorsBuilder(0).getTensorBuilder();
        int rows = tensor.getShape(0);
        int columns = tensor.getShape(1);
        int bytes = tensor.getData().size() / (rows * columns);
        switch (kind) {
            case WRONG_WIDTH -> reshape(tensor, bytes, rows, other(columns));
            case WRONG_HEIGHT -> reshape(tensor, bytes, other(rows), columns);
            case WRONG_TYPE -> tensor.setDtypeValue(random.nextInt(6));
            case WRONG_RANK -> {
                switch (random.nextInt(3)) {
                    case 0 -> tensor.clearShape().addShape(rows * columns);
                    case 1 -> tensor.clearShape();
                    default -> tensor.addAllShape(Collections.nCopies(1 + random.nextInt(12), 1));
                }
            }
            case WRAPPING_SHAPE ->
                tensor.clearShape().addShape(1 << 16).addShape(1 << 16).addShape(random.nextInt());
            case NOT_FINITE, LARGEST_NUMBERS -> {
                byte[] data = tensor.getData().toByteArray();
                // The exponent is in the last two bytes of a number.
                int number = random.nextInt(rows * columns) * bytes;
                int largest = bytes == 2 ? 0x7bff : bytes == 4 ? 0x7f7f : 0x7fef;
                int top = kind == Kind.NOT_FINITE ? 0x7fff : largest;
                data[number + bytes - 1] = (byte) (top >>> 8);
                data[number + bytes - 2] = (byte) top;
                tensor.setData(ByteString.copyFrom(data));
            }
            default -> throw new IllegalStateException("not of the logits: " + kind);
        }
    }

    private int other(int size) {
        int other = random.nextInt(2 * size + 2);
        return other == size ? size + 1 : other;
    }

    private static void reshape(Wire.Tensor.Builder tensor, int bytes, int rows, int columns) {
        tensor.clearShape()
                .addShape(rows)
                .addShape(columns)
                .setData(ByteString.copyFrom(new byte[bytes * rows * columns]));
    }

    private void empty(Wire.Prediction.Builder body) {
        switch (random.nextInt(3)) {
            case 0 -> body.clearTensors();
            case 1 -> body.getTensorsBuilder(0).getTensorBuilder().clearData();
            default ->
                body.getTensorsBuilder(0)
                        .getTensorBuilder()
                        .clearData()
                        .clearShape()
                        .addShape(0)
                        .addShape(random.nextInt(1 << 20));
        }
    }

    private void manyTensors(Wire.Prediction.Builder body) {
        List<Wire.NamedTensor> more = new ArrayList<>();
        for (int i = 0; i < MANY + random.nextInt(3 * MANY); i++) {
            more.add(named("t" + i, Wire.DType.DTYPE_FLOAT16, new byte[2], 1));
        }
        body.addAllTensors(more);
    }

    private void unprintable(Wire.Envelope.Builder envelope, Wire.Prediction.Builder body) {
        String text = random.nextBoolean()
                ? "\u001b[2J\u001b[31m"
                : "\u0000".repeat(1 + random.nextInt(2 * Limits.DEFAULT.nameCharsMax()));
        switch (random.nextInt(3)) {
            case 0 -> envelope.setSender(text);
            case 1 -> body.setPeer(text);
            default -> body.addTensors(named(text, Wire.DType.DTYPE_FLOAT16, new byte[2], 1));
        }
    }

    private void endsOfTypes(Wire.Prediction.Builder body) {
        long[] ends = {Long.MIN_VALUE, -1, 0, 1, Integer.MAX_VALUE, 1L << 53, Long.MAX_VALUE};
        switch (random.nextInt(4)) {
            case 0 -> body.setStep(ends[random.nextInt(ends.length)]);
            case 1 -> body.setPart((int) ends[random.nextInt(ends.length)]);
            case 2 -> body.setIncarnation(ends[random.nextInt(ends.length)]);
            default -> body.setVersion(ends[random.nextInt(ends.length)]);
        }
    }

    private void otherBody(Wire.Envelope.Builder envelope) {
        switch (random.nextInt(4)) {
            case 0 -> envelope.clearBody();
            case 1 -> envelope.setOutcome(Wire.Outcome.getDefaultInstance());
            case 2 -> envelope.setBatch(Wire.Batch.newBuilder().setStep(1));
            default -> envelope.setHeartbeat(Wire.Heartbeat.newBuilder().setPeer("p1"));
        }
    }

    private static Wire.NamedTensor named(String name, Wire.DType type, byte[] data, int size) {
        return Wire.NamedTensor.newBuilder()
                .setName(name)
                .setTensor(
                        Wire.Tensor.newBuilder().setDtype(type).addShape(size).setData(ByteString.copyFrom(data)))
                .build();
    }

    /** Header of the envelope, then a manifest that holds only its parent, which holds only its manifest, and so on. */
    private static byte[] deep(Wire.Envelope.Builder envelope) {
        byte[] header = envelope.clearBody().build().toByteArray();
        byte[] record = new byte[header.length + 10 * (2 * DEEP + 1)];
        int end = record.length;
        for (int level = 0; level <= 2 * DEEP; level++) {
            int field = level == 2 * DEEP
                    ? Wire.Envelope.MANIFEST_FIELD_NUMBER
                    : level % 2 == 0 ? Wire.Parent.MANIFEST_FIELD_NUMBER : Wire.Manifest.PARENT_FIELD_NUMBER;
            end = before(record, end, record.length - end);
            end = before(record, end, field << 3 | 2);
        }
        end -= header.length;
        System.arraycopy(header, 0, record, end, header.length);
        return Arrays.copyOfRange(record, end, record.length);
    }

    /** Writes a varint that ends before {@code end}; returns where it begins. */
    private static int before(byte[] record, int end, int value) {
        int begin = end - CodedOutputStream.computeUInt32SizeNoTag(value);
        int rest = value;
        for (int at = begin; at < end; at++) {
            record[at] = (byte) (at < end - 1 ? (rest & 0x7f) | 0x80 : rest);
            rest >>>= 7;
        }
        return begin;
    }
}
