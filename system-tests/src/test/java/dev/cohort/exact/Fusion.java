package dev.cohort.exact;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.nn.pooling.Pool;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import java.util.List;
import java.util.stream.IntStream;

/**
 * FFL's fusion module in PyTorch's own operators:
 *
 * <pre>
 * concat F_i -> depthwise 3x3 convolution -> BatchNorm -> ReLU -> 1x1 convolution -> BatchNorm -> ReLU -> mean over positions -> Linear
 * </pre>
 *
 * @param tensors those that belong to channels of student i end in {@code .i}
 */
record Fusion(TeacherTensors tensors) {
    private static final Shape ONE = new Shape(1, 1);
    private static final Shape NO_PADDING = new Shape(0, 0);
    private static final String FIRST_MEAN = "bn1_mean";
    private static final String FIRST_VARIANCE = "bn1_variance";

    /** z_f [B, C] in training mode; moves the running statistics. */
    NDArray forward(List<NDArray> maps) {
        NDArray all = Arrays.concat(maps, 1);
        int channels = (int) all.getShape().get(1);
        NDArray depthwise = convolution(all, joined("depthwise_weight", maps.size(), 0), ONE, channels);
        NDArray between = Activation.relu(first(depthwise, maps));
        NDArray pointwise = convolution(between, joined("pointwise_weight", maps.size(), 1), NO_PADDING, 1);
        NDArray fused = Activation.relu(
                normed(pointwise, get("bn2_mean"), get("bn2_variance"), get("bn2_gamma"), get("bn2_beta")));
        return Linear.linear(Pool.globalAvgPool2d(fused), get("fc_weight"), get("fc_bias"))
                .singletonOrThrow();
    }

    private static NDArray convolution(NDArray input, NDArray weight, Shape padding, int groups) {
        NDArray noBias = input.getManager().zeros(new Shape(weight.getShape().get(0)), weight.getDataType());
        return Conv2d.conv2d(input, weight, noBias, ONE, padding, ONE, groups).singletonOrThrow();
    }

    private static NDArray normed(NDArray input, NDArray mean, NDArray variance, NDArray gamma, NDArray beta) {
        return JniUtils.batchNorm(
                (PtNDArray) input,
                (PtNDArray) mean,
                (PtNDArray) variance,
                (PtNDArray) gamma,
                (PtNDArray) beta,
                true,
                0.1,
                1e-5);
    }

    /** The first batch norm, over the channels of all students, whose running statistics go back to each. */
    private NDArray first(NDArray input, List<NDArray> maps) {
        int students = maps.size();
        NDArray mean = joined(FIRST_MEAN, students, 0);
        NDArray variance = joined(FIRST_VARIANCE, students, 0);
        NDArray normed =
                normed(input, mean, variance, joined("bn1_gamma", students, 0), joined("bn1_beta", students, 0));
        long from = 0;
        for (int i = 0; i < students; i++) {
            String own = from + ":" + (from + maps.get(i).getShape().get(1));
            mean.get(own).copyTo(get(FIRST_MEAN + "." + i));
            variance.get(own).copyTo(get(FIRST_VARIANCE + "." + i));
            from += maps.get(i).getShape().get(1);
        }
        return normed;
    }

    private NDArray joined(String name, int students, int axis) {
        return Arrays.concat(
                IntStream.range(0, students).mapToObj(i -> get(name + "." + i)).toList(), axis);
    }

    private NDArray get(String name) {
        return tensors.get("fusion." + name);
    }
}
