package dev.cohort.peer.djl;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.stream.IntStream;

/** Stacks the rows of tensors of equal row shapes into one tensor. */
final class StackedRows {
    private final DType dtype;
    private final Ints shape;
    private final ByteBuffer bytes;

    StackedRows(int rows, Ints rowShape, DType dtype) {
        this.dtype = dtype;
        shape = Ints.of(IntStream.concat(IntStream.of(rows), rowShape.stream()).toArray());
        bytes = ByteBuffer.allocate(shape.stream().reduce(dtype.bytes(), Math::multiplyExact));
    }

    void add(Tensor rows) {
        bytes.put(rows.bytes());
    }

    Tensor tensor() {
        return Tensor.wrap(dtype, shape, bytes.flip());
    }
}
