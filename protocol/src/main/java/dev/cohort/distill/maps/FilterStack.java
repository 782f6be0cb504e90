package dev.cohort.distill.maps;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Three 3x3 filters of stride 1 and padding 1, each with a bias and {@link LeakyRelu} behind it: a half of the autoencoder of
 * factor transfer. The filter {@code i}, counted from 1, has the parameters {@code <name>i_weight} and {@code <name>i_bias}.
 */
final class FilterStack {
    static final double SLOPE = 0.1;
    static final int LAYERS = 3;
    private static final int SIZE = 3;

    private final String name;
    private final List<Filter> filters;

    private FilterStack(String name, List<Filter> filters) {
        this.name = name;
        this.filters = filters;
    }

    /** Convolutions with weights [out, in, 3, 3]. */
    static FilterStack ofConvolutions(String name, NamedTensors parameters) {
        List<Filter> filters = new ArrayList<>();
        for (int layer = 1; layer <= LAYERS; layer++) {
            String weight = weight(name, layer);
            String bias = bias(name, layer);
            filters.add(Convolution.of(weight, kernel(weight, parameters), 1, 1).withBias(bias, parameters.get(bias)));
        }
        return new FilterStack(name, filters);
    }

    /** Transposed convolutions with weights [in, out, 3, 3]. */
    static FilterStack ofTransposed(String name, NamedTensors parameters) {
        List<Filter> filters = new ArrayList<>();
        for (int layer = 1; layer <= LAYERS; layer++) {
            String weight = weight(name, layer);
            String bias = bias(name, layer);
            filters.add(TransposedConvolution.of(weight, kernel(weight, parameters), 1, 1)
                    .withBias(bias, parameters.get(bias)));
        }
        return new FilterStack(name, filters);
    }

    private static Tensor kernel(String weight, NamedTensors parameters) {
        Tensor kernel = parameters.get(weight);
        // Of any other size the padding of 1 would change the size of the map.
        if (kernel.shape().size() != 4 || kernel.dimension(2) != SIZE || kernel.dimension(3) != SIZE) {
            throw new IllegalArgumentException(
                    weight + " of shape " + kernel.shape() + ": must have four dimensions, the last two of size 3");
        }
        return kernel;
    }

    static String weight(String name, int layer) {
        return name + layer + "_weight";
    }

    static String bias(String name, int layer) {
        return name + layer + "_bias";
    }

    Pass forward(FeatureMap input) {
        return new Pass(input);
    }

    final class Pass {
        /** The input, then the output of every layer. */
        private final List<FeatureMap> maps = new ArrayList<>();

        private Pass(FeatureMap input) {
            maps.add(input);
            for (int i = 0; i < filters.size(); i++) {
                maps.add(LeakyRelu.of(filters.get(i).forward(maps.get(i)), SLOPE));
            }
        }

        FeatureMap output() {
            return maps.get(filters.size());
        }

        Adapter.Gradients backward(FeatureMap gradient) {
            Before before = before(gradient);
            return new Adapter.Gradients(filters.get(0).inputGradient(maps.get(0), before.first), before.parameters);
        }

        /** The gradients at the parameters alone, for an input that is constant. */
        NamedTensors parameters(FeatureMap gradient) {
            return before(gradient).parameters;
        }

        private Before before(FeatureMap gradient) {
            output().requireSameShape(gradient);
            NamedTensors parameters = NamedTensors.none();
            FeatureMap before = gradient;
            for (int i = filters.size() - 1; i >= 0; i--) {
                FeatureMap behind =
                        i == filters.size() - 1 ? gradient : filters.get(i + 1).inputGradient(maps.get(i + 1), before);
                before = LeakyRelu.gradient(behind, maps.get(i + 1), SLOPE);
                double[] bias = Filter.biasGradient(before);
                parameters = parameters
                        .with(weight(name, i + 1), filters.get(i).weightGradient(maps.get(i), before))
                        .with(bias(name, i + 1), Tensor.of(DType.FLOAT64, bias, bias.length));
            }
            return new Before(before, parameters);
        }
    }

    /** Gradients at the output of the first filter, before its activation, and at all parameters. */
    private record Before(FeatureMap first, NamedTensors parameters) {}
}
