package dev.cohort.peer.djl;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.nio.ByteBuffer;

/** Stacks the rows of tensors [n, width] into one tensor. */
final class StackedRows {
    private final DType dtype;
    private final Ints shape;
    private final ByteBuffer bytes;

    StackedRows(int rows, int width, DType dtype) {
        this.dtype = dtype;
        shape = Ints.of(rows, width);
        bytes = ByteBuffer.allocate(rows * width * dtype.bytes());
    }

    void add(Tensor rows) {
        bytes.put(rows.bytes());
    }

    Tensor tensor() {
        return Tensor.wrap(dtype, shape, bytes.flip());
    }
}
