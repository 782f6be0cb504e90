package dev.cohort.protocol.wire;

import com.google.protobuf.ByteString;
import dev.cohort.protocol.Limits;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.wire.proto.Wire;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.function.IntUnaryOperator;

/** Values out of a parsed record, each within its limits. Every method refuses with the name of the field and the value. */
final class Checks {
    private final Limits limits;

    Checks(Limits limits) {
        this.limits = limits;
    }

    Limits limits() {
        return limits;
    }

    int atLeast(int least, int value, String field) {
        atLeast((long) least, value, field);
        return value;
    }

    long atLeast(long least, long value, String field) {
        if (value < least) {
            throw new Refusal(Reason.BAD_VALUE, field + " " + value + ": must be at least " + least);
        }
        return value;
    }

    int atMost(long most, int value, String field) {
        if (value > most) {
            throw new Refusal(Reason.OVERSIZED, field + " " + value + ": must be at most " + most);
        }
        return value;
    }

    double finite(double value, String field) {
        if (!Double.isFinite(value)) {
            throw new Refusal(Reason.NOT_FINITE, field + " " + value + ": must be finite");
        }
        return value;
    }

    double notNegative(double value, String field) {
        if (finite(value, field) < 0) {
            throw new Refusal(Reason.BAD_VALUE, field + " " + value + ": must not be negative");
        }
        return value;
    }

    /** A share, 0..1. */
    double share(double value, String field) {
        if (notNegative(value, field) > 1) {
            throw new Refusal(Reason.BAD_VALUE, field + " " + value + ": must be 0 to 1");
        }
        return value;
    }

    String name(String value, String field) {
        return text(value, limits.nameCharsMax(), field);
    }

    String text(String value, int charsMax, String field) {
        atMost(charsMax, value.length(), field + " characters");
        return value;
    }

    PeerId peer(String value) {
        return new PeerId(name(value, "peer"));
    }

    Digest digest(ByteString value, String field) {
        if (value.size() != Digest.BYTES) {
            throw new Refusal(
                    Reason.BAD_VALUE, field + " of " + value.size() + " bytes: must be " + Digest.BYTES + " (SHA-256)");
        }
        return Digest.ofBytes(value.toByteArray());
    }

    /** {@code count} elements, none larger than {@code max}, which is exclusive, nor negative. */
    Ints indices(int count, IntUnaryOperator at, long max, String field) {
        int[] values = new int[count];
        for (int i = 0; i < count; i++) {
            values[i] = at.applyAsInt(i);
            if (values[i] < 0 || values[i] >= max) {
                throw new Refusal(Reason.BAD_VALUE, field + " " + values[i] + ": must be 0 to " + (max - 1));
            }
        }
        return Ints.of(values);
    }

    <T> List<T> list(int count, int countMax, IntFunction<T> at, String field) {
        atMost(countMax, count, "number of " + field);
        List<T> values = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            values.add(at.apply(i));
        }
        return values;
    }

    NamedTensors tensors(List<Wire.NamedTensor> named) {
        atMost(limits.tensorsMax(), named.size(), "number of tensors");
        TreeMap<String, Tensor> tensors = new TreeMap<>();
        for (Wire.NamedTensor one : named) {
            String name = name(one.getName(), "tensor name");
            if (tensors.put(name, tensor(one.getTensor(), name)) != null) {
                throw new Refusal(Reason.BAD_VALUE, "tensor " + name + ": must be there once");
            }
        }
        return NamedTensors.of(tensors);
    }

    /** A view of the bytes of the record. */
    Tensor tensor(Wire.Tensor tensor, String field) {
        DType dtype = switch (tensor.getDtype()) {
            case DTYPE_FLOAT16 -> DType.FLOAT16;
            case DTYPE_FLOAT32 -> DType.FLOAT32;
            case DTYPE_FLOAT64 -> DType.FLOAT64;
            case DTYPE_UNSPECIFIED, UNRECOGNIZED ->
                throw new Refusal(
                        Reason.BAD_VALUE, "tensor " + field + ": unknown element type " + tensor.getDtypeValue());
        };
        int rank = tensor.getShapeCount();
        if (rank > limits.rankMax()) {
            throw new Refusal(
                    Reason.BAD_TENSOR,
                    "tensor " + field + " of " + rank + " dimensions: must be at most " + limits.rankMax());
        }
        int[] shape = new int[rank];
        for (int axis = 0; axis < rank; axis++) {
            shape[axis] = tensor.getShape(axis);
        }
        Tensor value;
        try {
            value = Tensor.wrap(dtype, Ints.of(shape), tensor.getData().asReadOnlyByteBuffer());
        } catch (IllegalArgumentException e) {
            throw new Refusal(Reason.BAD_TENSOR, field + ": " + e.getMessage());
        }
        if (!value.isFinite()) {
            throw new Refusal(Reason.NOT_FINITE, "tensor " + field + ": must hold no NaN and nothing infinite");
        }
        return value;
    }
}
