package dev.cohort.peer.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.Normalisation;
import dev.cohort.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Pixels as a student's input: {@code (pixel / 255 - mean) / deviation}, rounded once. Memory stays in NHWC order and only the
 * view is NCHW (channels_last in PyTorch), which is faster.
 */
public final class ImageInput {
    private final ImageShape shape;
    private final DType dtype;
    /** Value of pixel p in channel c at [c * 256 + p]. */
    private final double[] table;

    public ImageInput(ImageShape shape, Normalisation normalisation, DType dtype) {
        this.shape = shape;
        this.dtype = dtype;
        table = new double[shape.channels() * 256];
        for (int c = 0; c < shape.channels(); c++) {
            for (int pixel = 0; pixel < 256; pixel++) {
                table[c * 256 + pixel] = (pixel / 255.0 - normalisation.mean().get(c))
                        / normalisation.deviation().get(c);
            }
        }
    }

    /** The images as an array [N, channels, H, W] that belongs to {@code manager}. */
    public NDArray upload(NDManager manager, Images images) {
        return view(manager, fill(newBuffer(images.count()), images, 0, images.count()), images.count());
    }

    /** Memory for {@code count} images that PyTorch can read. */
    ByteBuffer newBuffer(int count) {
        return ByteBuffer.allocateDirect(Math.multiplyExact(count, shape.size() * dtype.bytes()))
                .order(ByteOrder.nativeOrder());
    }

    /** Writes images {@code from} to {@code from + count} from the start of {@code target}; returns the written part. */
    ByteBuffer fill(ByteBuffer target, Images images, int from, int count) {
        ByteBuffer pixels = images.pixels();
        int start = from * shape.size();
        int size = count * shape.size();
        int channels = shape.channels();
        ByteBuffer values = target.duplicate().order(ByteOrder.nativeOrder()).clear();
        for (int i = 0; i < size; i++) {
            double value = table[(i % channels) * 256 + (pixels.get(start + i) & 0xff)];
            if (dtype == DType.FLOAT64) {
                values.putDouble(value);
            } else {
                values.putFloat((float) value);
            }
        }
        return values.flip();
    }

    /** On the CPU the array aliases {@code values}, which must not change while the array or a graph that uses it exists. */
    NDArray view(NDManager manager, ByteBuffer values, int count) {
        Shape nhwc = new Shape(count, shape.height(), shape.width(), shape.channels());
        try (NDArray array = manager.create(values, nhwc, Arrays.typeOf(dtype))) {
            return array.transpose(0, 3, 1, 2);
        }
    }
}
