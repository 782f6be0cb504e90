package dev.cohort.protocol.wire;

import com.google.protobuf.ByteString;
import dev.cohort.protocol.Limits;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.TensorReference;
import dev.cohort.protocol.wire.proto.Wire;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;

/**
 * Converts the values of a parsed record for which Protobuf has no type. Their ranges are checked by the constructors of
 * messages.
 */
final class Checks {
    private final Limits limits;

    Checks(Limits limits) {
        this.limits = limits;
    }

    /** An explanation for people; honest writers truncate it to this length. */
    String forPeople(String value, String field) {
        if (value.length() > limits.nameCharsMax()) {
            throw new Refusal(
                    Reason.OVERSIZED,
                    field + " of " + value.length() + " characters: must be at most " + limits.nameCharsMax());
        }
        return value;
    }

    PeerId peer(String value) {
        return new PeerId(value);
    }

    Digest digest(ByteString value, String field) {
        if (value.size() != Digest.BYTES) {
            throw new Refusal(
                    Reason.BAD_VALUE, field + " of " + value.size() + " bytes: must be " + Digest.BYTES + " (SHA-256)");
        }
        return Digest.ofBytes(value.toByteArray());
    }

    Ints ints(int count, IntUnaryOperator at) {
        int[] values = new int[count];
        Arrays.setAll(values, at);
        return Ints.of(values);
    }

    Ints ints(Wire.IntList list) {
        return ints(list.getValuesCount(), list::getValues);
    }

    <T> List<T> list(int count, IntFunction<T> at) {
        List<T> values = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            values.add(at.apply(i));
        }
        return values;
    }

    NamedTensors tensors(List<Wire.NamedTensor> named) {
        TreeMap<String, Tensor> tensors = new TreeMap<>();
        for (Wire.NamedTensor one : named) {
            String name = one.getName();
            if (tensors.put(name, tensor(one.getTensor(), name)) != null) {
                throw new Refusal(Reason.BAD_VALUE, "tensor " + name + ": must appear once");
            }
        }
        return NamedTensors.of(tensors);
    }

    /** A tensor that is a view of the record's bytes. */
    Tensor tensor(Wire.Tensor tensor, String field) {
        DType dtype = type(tensor.getDtype(), field);
        Ints shape = ints(tensor.getShapeCount(), tensor::getShape);
        try {
            return Tensor.wrap(dtype, shape, tensor.getData().asReadOnlyByteBuffer());
        } catch (IllegalArgumentException e) {
            throw new Refusal(Reason.BAD_TENSOR, field + ": " + e.getMessage());
        }
    }

    TensorReference reference(Wire.TensorReference reference, String field) {
        return new TensorReference(
                type(reference.getDtype(), field),
                ints(reference.getShapeCount(), reference::getShape),
                digest(reference.getContent(), "digest of " + field));
    }

    DType type(Wire.DType type, String field) {
        return switch (type) {
            case DTYPE_FLOAT16 -> DType.FLOAT16;
            case DTYPE_FLOAT32 -> DType.FLOAT32;
            case DTYPE_FLOAT64 -> DType.FLOAT64;
            case DTYPE_UNSPECIFIED, UNRECOGNIZED ->
                throw new Refusal(Reason.BAD_VALUE, "tensor " + field + ": unknown element type");
        };
    }
}
