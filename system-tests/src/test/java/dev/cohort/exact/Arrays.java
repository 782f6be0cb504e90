package dev.cohort.exact;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.Normalisation;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.List;

/** Tensors and images as DJL arrays and back. */
final class Arrays {
    private Arrays() {}

    static NDArray write(NDManager manager, Tensor tensor, DType dtype) {
        return write(manager, tensor.toDoubles(), dtype, tensor.shape().toArray());
    }

    static NDArray write(NDManager manager, double[] values, DType dtype, int... shape) {
        Shape of = new Shape(java.util.Arrays.stream(shape).asLongStream().toArray());
        return dtype == DType.FLOAT64
                ? manager.create(values, of)
                : manager.create(Tensor.of(DType.FLOAT32, values, shape).toFloats(), of);
    }

    static Tensor read(NDArray array) {
        int[] shape = java.util.Arrays.stream(array.getShape().getShape())
                .mapToInt(Math::toIntExact)
                .toArray();
        DType dtype = array.getDataType() == DataType.FLOAT64 ? DType.FLOAT64 : DType.FLOAT32;
        return Tensor.wrap(dtype, Ints.of(shape), array.toByteBuffer());
    }

    /** A differentiable concatenation. */
    static NDArray concat(List<NDArray> parts, int axis) {
        NDArray all = parts.get(0);
        for (NDArray more : parts.subList(1, parts.size())) {
            all = all.concat(more, axis);
        }
        return all;
    }

    /** {@code (pixel / 255 - mean) / deviation} as [N, channels, H, W], a view of NHWC numbers as the students have it. */
    static NDArray input(NDManager manager, Images images, Normalisation normalisation, DType dtype) {
        ByteBuffer pixels = images.pixels();
        int channels = images.shape().channels();
        double[] values = new double[pixels.remaining()];
        for (int i = 0; i < values.length; i++) {
            int channel = i % channels;
            values[i] = ((pixels.get(i) & 0xff) / 255.0 - normalisation.mean().get(channel))
                    / normalisation.deviation().get(channel);
        }
        int height = images.shape().height();
        int width = images.shape().width();
        return write(manager, values, dtype, images.count(), height, width, channels)
                .transpose(0, 3, 1, 2);
    }
}
