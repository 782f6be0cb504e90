package dev.cohort.peer.djl;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Copies tensors between Java and the device. No result aliases PyTorch's memory. */
final class Arrays {
    private Arrays() {}

    static DataType typeOf(DType dtype) {
        return switch (dtype) {
            case FLOAT16 -> DataType.FLOAT16;
            case FLOAT32 -> DataType.FLOAT32;
            case FLOAT64 -> DataType.FLOAT64;
        };
    }

    static DType typeOf(DataType type) {
        return switch (type) {
            case FLOAT16 -> DType.FLOAT16;
            case FLOAT32 -> DType.FLOAT32;
            case FLOAT64 -> DType.FLOAT64;
            default -> throw new IllegalArgumentException("array of " + type + ": must be a floating-point type");
        };
    }

    static Shape shapeOf(Tensor tensor) {
        return new Shape(tensor.shape().stream().asLongStream().toArray());
    }

    static Ints shapeOf(NDArray array) {
        return Ints.of(java.util.Arrays.stream(array.getShape().getShape())
                .mapToInt(Math::toIntExact)
                .toArray());
    }

    /** The values of {@code array} in row-major order, whatever its strides and device. */
    static Tensor read(NDArray array) {
        if (array.getDevice().isGpu()) {
            try (NDArray host = array.toDevice(Device.cpu(), true)) {
                return read(host);
            }
        }
        return Tensor.wrap(typeOf(array.getDataType()), shapeOf(array), array.toByteBuffer());
    }

    /** An array of {@code dtype} that belongs to {@code manager}. */
    static NDArray write(NDManager manager, Tensor tensor, DataType dtype) {
        ByteBuffer source = tensor.as(typeOf(dtype)).bytes();
        ByteBuffer direct = ByteBuffer.allocateDirect(source.remaining()).order(ByteOrder.nativeOrder());
        // A tensor is little-endian, and so is every platform that PyTorch has natives for.
        direct.put(source).flip();
        return manager.create(direct, shapeOf(tensor), dtype);
    }

    /** Overwrites {@code array} in place; gradient mode must be off. */
    static void overwrite(NDArray array, Tensor tensor) {
        try (NDManager scratch = array.getManager().newSubManager()) {
            array.set(new NDIndex(":"), write(scratch, tensor, array.getDataType()));
        }
    }

    /** An array whose memory is PyTorch's own: on the CPU, an array made from a buffer would keep using that buffer. */
    static NDArray owned(NDManager manager, ByteBuffer direct, Shape shape, DataType dtype) {
        try (NDArray view = manager.create(direct, shape, dtype)) {
            return view.duplicate();
        }
    }
}
