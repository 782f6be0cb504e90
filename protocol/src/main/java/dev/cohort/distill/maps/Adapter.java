package dev.cohort.distill.maps;

import dev.cohort.tensor.NamedTensors;

/**
 * What brings the map of a student to the width of its teacher's, or the input of a teacher's block to its output. An adapter
 * lives in the student and is trained with it; its parameters are tensors by name.
 */
public sealed interface Adapter permits Adapter.None, HintAdapter, MapAdapter, SeparableBlock, Translator {
    /** Name of the weight [D, C, 1, 1] of the 1x1 convolution; [D, C] is the same. */
    String WEIGHT = "weight";

    /**
     * The forward pass.
     *
     * @param input [B, C, H, W]
     */
    Pass forward(FeatureMap input);

    /** A forward pass, with what its backward pass needs. */
    interface Pass {
        /** [B, D, H, W]. */
        FeatureMap output();

        /**
         * The backward pass.
         *
         * @param gradient of a loss with respect to the output
         */
        Gradients backward(FeatureMap gradient);
    }

    /**
     * Gradients of a loss.
     *
     * @param input with respect to the input of the adapter
     * @param parameters with respect to the parameters of the adapter, by their names and in their shapes, 64-bit
     */
    record Gradients(FeatureMap input, NamedTensors parameters) {}

    /** No adapter: the widths are equal. */
    record None() implements Adapter {
        @Override
        public Pass forward(FeatureMap input) {
            return new Pass() {
                @Override
                public FeatureMap output() {
                    return input;
                }

                @Override
                public Gradients backward(FeatureMap gradient) {
                    input.requireSameShape(gradient);
                    return new Gradients(gradient, NamedTensors.none());
                }
            };
        }
    }
}
