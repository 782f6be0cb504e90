package dev.cohort.distill.maps;

import dev.cohort.tensor.NamedTensors;

/**
 * The translator of factor transfer, which brings the map [B, D, H, W] of a student to the form of the code [B, K, H, W] of a
 * teacher's {@link Paraphraser}, to be compared by {@link FactorTransfer#distance}: three 3x3 convolutions of padding 1 with
 * bias, D to D, D to K and K to K, LeakyReLU 0.1 behind each of them, no batch norm. It is trained with the student.
 *
 * <p>Source: Kim, Park, Kwak, "Paraphrasing Complex Network: Network Compression via Factor Transfer", NeurIPS 2018 (arXiv
 * 1802.04977), official code.
 */
public final class Translator implements Adapter {
    /** Number of convolutions. */
    public static final int LAYERS = FilterStack.LAYERS;
    /** Slope of the activation below 0. */
    public static final double SLOPE = FilterStack.SLOPE;

    private static final String CONVOLUTION = "conv";

    private final FilterStack stack;

    /** @param parameters a {@link #weight} and a {@link #bias} for each of the layers */
    public Translator(NamedTensors parameters) {
        stack = FilterStack.ofConvolutions(CONVOLUTION, parameters);
    }

    /**
     * Name of a weight [out, in, 3, 3].
     *
     * @param layer from 1
     */
    public static String weight(int layer) {
        return FilterStack.weight(CONVOLUTION, layer);
    }

    /**
     * Name of a bias [out].
     *
     * @param layer from 1
     */
    public static String bias(int layer) {
        return FilterStack.bias(CONVOLUTION, layer);
    }

    @Override
    public Pass forward(FeatureMap input) {
        return new TranslatorPass(stack.forward(input));
    }

    private record TranslatorPass(FilterStack.Pass stack) implements Pass {
        @Override
        public FeatureMap output() {
            return stack.output();
        }

        @Override
        public Gradients backward(FeatureMap gradient) {
            return stack.backward(gradient);
        }
    }
}
