package dev.cohort.peer.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.nn.Parameter;
import ai.djl.nn.convolutional.Convolution;
import ai.djl.training.initializer.Initializer;
import dev.cohort.tensor.Hasher;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.function.DoubleSupplier;

/**
 * Initial weights as a function of (seed, name of the parameter) alone, drawn in plain Java, so that they are the same with
 * every version of PyTorch and on every device.
 *
 * <ul>
 *   <li>convolutions: normal with deviation sqrt(2 / fan-out), fan-out = filters * kernel area / groups (He et al. 2015)
 *   <li>biases of convolutions: 0
 *   <li>batch norm: scale 1, shift 0, mean 0, variance 1
 *   <li>linear, weight and bias: uniform within 1 / sqrt(inputs), which is PyTorch's default
 * </ul>
 */
final class InitialWeights {
    private final long seed;
    private final int featureWidth;

    /** @param featureWidth inputs of the linear layer */
    InitialWeights(long seed, int featureWidth) {
        this.seed = seed;
        this.featureWidth = featureWidth;
    }

    /** The initializer of {@code parameter}, which belongs to {@code owner}. */
    Initializer of(String name, Parameter parameter, Block owner) {
        return switch (parameter.getType()) {
            case WEIGHT ->
                owner instanceof Convolution convolution
                        ? (manager, shape, dtype) -> kernel(name, convolution.getGroups(), manager, shape, dtype)
                        : (manager, shape, dtype) -> drawn(manager, shape, dtype, uniform(random(name), shape.get(1)));
            case BIAS ->
                name.endsWith("fc.bias")
                        ? (manager, shape, dtype) -> drawn(manager, shape, dtype, uniform(random(name), featureWidth))
                        : Initializer.ZEROS;
            case GAMMA, RUNNING_VAR -> Initializer.ONES;
            case BETA, RUNNING_MEAN -> Initializer.ZEROS;
            case OTHER -> throw new IllegalArgumentException("parameter " + name + ": has no initializer");
        };
    }

    private NDArray kernel(String name, int groups, NDManager manager, Shape shape, DataType dtype) {
        Random random = random(name);
        double deviation = StrictMath.sqrt(2.0 * groups / (shape.get(0) * shape.get(2) * shape.get(3)));
        return drawn(manager, shape, dtype, () -> random.nextGaussian() * deviation);
    }

    private static DoubleSupplier uniform(Random random, long inputs) {
        double bound = 1 / StrictMath.sqrt((double) inputs);
        return () -> (2 * random.nextDouble() - 1) * bound;
    }

    /** {@link Random}, because its numbers are part of the Java specification. */
    private Random random(String name) {
        byte[] digest = new Hasher().number(seed).text(name).digest().toBytes();
        return new Random(ByteBuffer.wrap(digest).order(ByteOrder.LITTLE_ENDIAN).getLong());
    }

    private static NDArray drawn(NDManager manager, Shape shape, DataType dtype, DoubleSupplier next) {
        int size = Math.toIntExact(shape.size());
        ByteBuffer values = manager.allocateDirect(size * dtype.getNumOfBytes());
        for (int i = 0; i < size; i++) {
            if (dtype == DataType.FLOAT64) {
                values.putDouble(next.getAsDouble());
            } else {
                values.putFloat((float) next.getAsDouble());
            }
        }
        return Arrays.owned(manager, values.flip(), shape, dtype);
    }
}
