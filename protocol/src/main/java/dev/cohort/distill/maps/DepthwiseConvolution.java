package dev.cohort.distill.maps;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.Tensor;

/**
 * A 3x3 convolution of each channel for itself, without bias, with zeros around the map: {@code y[b, c, i, j] = sum_uv W[c, u, v]
 * x[b, c, i s + u - 1, j s + v - 1]}, a cross-correlation with stride s. The output has {@code ceil(H / s)} rows.
 */
final class DepthwiseConvolution {
    private static final int SIZE = 3;

    private final Tensor weight;
    private final double[] kernels;
    private final int stride;

    /** @param weight [C, 1, 3, 3] */
    DepthwiseConvolution(Tensor weight, int stride) {
        boolean fits = weight.shape().size() == 4
                && weight.dimension(0) > 0
                && weight.dimension(1) == 1
                && weight.dimension(2) == SIZE
                && weight.dimension(3) == SIZE;
        if (!fits) {
            throw new IllegalArgumentException(
                    "depthwise weight of shape " + weight.shape() + ": must be [C, 1, 3, 3], C at least 1");
        }
        if (stride < 1) {
            throw new IllegalArgumentException("stride " + stride + ": must be at least 1");
        }
        this.weight = weight;
        this.stride = stride;
        kernels = weight.toDoubles();
    }

    /** What becomes of one pair of a kernel's element with a pixel, and of the pixel of the output they add to. */
    @FunctionalInterface
    private interface Meeting {
        void at(int kernel, int input, int output);
    }

    FeatureMap forward(FeatureMap input) {
        if (input.channels() != weight.dimension(0)) {
            throw new IllegalArgumentException("feature map " + input + ": must have " + weight.dimension(0)
                    + " channels, as the depthwise weight says");
        }
        int height = (input.height() + stride - 1) / stride;
        int width = (input.width() + stride - 1) / stride;
        double[] values = new double[input.rows() * input.channels() * height * width];
        FeatureMap output = FeatureMap.wrap(input.rows(), input.channels(), height, width, values);
        forEach(input, output, (kernel, from, to) -> values[to] += kernels[kernel] * input.values[from]);
        return output;
    }

    FeatureMap inputGradient(FeatureMap input, FeatureMap gradient) {
        double[] values = new double[input.values.length];
        forEach(input, gradient, (kernel, from, to) -> values[from] += kernels[kernel] * gradient.values[to]);
        return input.like(values);
    }

    Tensor weightGradient(FeatureMap input, FeatureMap gradient) {
        double[] sum = new double[kernels.length];
        forEach(input, gradient, (kernel, from, to) -> sum[kernel] += input.values[from] * gradient.values[to]);
        return Tensor.of(DType.FLOAT64, sum, weight.shape().toArray());
    }

    private void forEach(FeatureMap input, FeatureMap output, Meeting meeting) {
        for (int plane = 0; plane < input.rows() * input.channels(); plane++) {
            int kernel = plane % input.channels() * SIZE * SIZE;
            for (int element = 0; element < SIZE * SIZE; element++) {
                int down = element / SIZE - 1;
                int right = element % SIZE - 1;
                for (int y = 0; y < output.height(); y++) {
                    int row = y * stride + down;
                    for (int x = 0; x < output.width() && row >= 0 && row < input.height(); x++) {
                        int column = x * stride + right;
                        if (column >= 0 && column < input.width()) {
                            meeting.at(
                                    kernel + element,
                                    plane * input.positions() + row * input.width() + column,
                                    plane * output.positions() + y * output.width() + x);
                        }
                    }
                }
            }
        }
    }
}
