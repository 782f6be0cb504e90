package dev.cohort.peer.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.norm.BatchNorm;
import ai.djl.nn.pooling.Pool;
import dev.cohort.protocol.ImageShape;
import java.util.function.UnaryOperator;

/** The layers that the networks are made of, with the defaults that published CIFAR networks use. Values are [N, C, H, W]. */
final class Layers {
    private Layers() {}

    /** A convolution without bias, padded so that stride 1 keeps the size. */
    static Block conv(int filters, int kernel, int stride) {
        return conv(filters, kernel, stride, 1, false);
    }

    /** As {@link #conv}, with a bias. */
    static Block convWithBias(int filters, int kernel) {
        return conv(filters, kernel, 1, 1, true);
    }

    /** A depthwise 3x3 convolution: one filter for each channel. */
    static Block depthwise(int channels, int stride) {
        return conv(channels, 3, stride, channels, false);
    }

    /** Units that are each connected to the whole image, with a bias: [N, C, H, W] to [N, units, 1, 1]. */
    static Block whole(ImageShape image, int units) {
        return Conv2d.builder()
                .setKernelShape(new Shape(image.height(), image.width()))
                .setFilters(units)
                .optBias(true)
                .build();
    }

    private static Block conv(int filters, int kernel, int stride, int groups, boolean bias) {
        return Conv2d.builder()
                .setKernelShape(new Shape(kernel, kernel))
                .setFilters(filters)
                .optStride(new Shape(stride, stride))
                .optPadding(new Shape(kernel / 2, kernel / 2))
                .optGroups(groups)
                .optBias(bias)
                .build();
    }

    /** Batch norm over N, H and W; epsilon 1e-5; each pass moves the running statistics by a tenth. */
    static Block norm() {
        return BatchNorm.builder().build();
    }

    static Stateless relu() {
        return new Stateless(Activation::relu, UnaryOperator.identity());
    }

    static Stateless relu6() {
        return new Stateless(Layers::relu6, UnaryOperator.identity());
    }

    /**
     * {@code min(max(x, 0), 6)}. Autograd keeps the 6, so it must be in PyTorch's own memory: the memory of a number created
     * from Java may be collected before the backward pass reads it.
     */
    private static NDArray relu6(NDArray x) {
        try (NDArray fromJava = x.getManager().create(6f);
                NDArray six = fromJava.duplicate();
                NDArray positive = Activation.relu(x)) {
            return positive.minimum(six);
        }
    }

    static Stateless maxPool() {
        Shape two = new Shape(2, 2);
        return new Stateless(
                x -> Pool.maxPool2d(x, two, two, new Shape(0, 0), false), s -> sized(s, s.get(2) / 2, s.get(3) / 2));
    }

    static Stateless averagePool() {
        Shape two = new Shape(2, 2);
        return new Stateless(
                x -> Pool.avgPool2d(x, two, two, new Shape(0, 0), false, true),
                s -> sized(s, s.get(2) / 2, s.get(3) / 2));
    }

    /**
     * The parameter-free shortcut (option A of He et al. 2016): every second pixel of every second row, new channels zero, half
     * of them before and half after the old ones.
     */
    static Stateless subsample(int channelsIn, int channelsOut) {
        int added = channelsOut - channelsIn;
        int before = added / 2;
        Shape padding = new Shape(0, 0, 0, 0, before, added - before);
        return new Stateless(
                x -> {
                    try (NDArray kept =
                            Pool.avgPool2d(x, new Shape(1, 1), new Shape(2, 2), new Shape(0, 0), false, true)) {
                        return kept.pad(padding, 0);
                    }
                },
                s -> withChannels(sized(s, (s.get(2) + 1) / 2, (s.get(3) + 1) / 2), channelsOut));
    }

    static Shape withChannels(Shape shape, long channels) {
        return new Shape(shape.get(0), channels, shape.get(2), shape.get(3));
    }

    private static Shape sized(Shape shape, long height, long width) {
        return new Shape(shape.get(0), shape.get(1), height, width);
    }
}
