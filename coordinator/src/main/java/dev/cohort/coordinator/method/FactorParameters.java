package dev.cohort.coordinator.method;

import dev.cohort.distill.maps.Paraphraser;
import dev.cohort.distill.maps.Translator;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** The parameters of a {@link Translator} or a {@link Paraphraser} in a state, each as {@code prefix} and its own name. */
record FactorParameters(String prefix, List<Layer> layers) {
    private static final int KERNEL = 3;

    FactorParameters {
        layers = List.copyOf(layers);
    }

    /**
     * A layer.
     *
     * @param weight name of the weight [first, second, 3, 3]
     * @param bias name of the bias [outputs]
     * @param first dimension of the weight: the outputs, or the inputs in a decoder
     * @param second dimension of the weight: the other ones
     */
    record Layer(String weight, String bias, int outputs, int first, int second) {}

    /**
     * The layers of a translator.
     *
     * @param channels D of the student's map
     * @param codes K
     */
    static FactorParameters ofTranslator(String prefix, int channels, int codes) {
        int[] widths = {channels, channels, codes, codes};
        List<Layer> layers = new ArrayList<>();
        for (int i = 1; i < widths.length; i++) {
            layers.add(new Layer(Translator.weight(i), Translator.bias(i), widths[i], widths[i], widths[i - 1]));
        }
        return new FactorParameters(prefix, layers);
    }

    /**
     * The layers of a paraphraser.
     *
     * @param channels D of the teacher's map
     * @param codes K
     */
    static FactorParameters ofParaphraser(String prefix, int channels, int codes) {
        int[] down = {channels, channels, codes, codes};
        int[] up = {codes, codes, channels, channels};
        List<Layer> layers = new ArrayList<>();
        for (int i = 1; i < down.length; i++) {
            layers.add(
                    new Layer(Paraphraser.encoderWeight(i), Paraphraser.encoderBias(i), down[i], down[i], down[i - 1]));
            layers.add(new Layer(Paraphraser.decoderWeight(i), Paraphraser.decoderBias(i), up[i], up[i - 1], up[i]));
        }
        return new FactorParameters(prefix, layers);
    }

    /**
     * Puts fresh parameters into a state, from U(-1/sqrt(n), 1/sqrt(n)), PyTorch's initialisation: n is the second dimension of the
     * layer's weight times the size of its kernel.
     */
    void initial(Map<String, Tensor> state, long seed, int slot) {
        for (Layer layer : layers) {
            int size = layer.first() * layer.second() * KERNEL * KERNEL;
            double bound = 1 / Math.sqrt(layer.second() * KERNEL * KERNEL);
            String weight = prefix + layer.weight();
            String bias = prefix + layer.bias();
            TrainedParameter.uniform(weight, seed, slot, size, bound)
                    .put(state, weight, layer.first(), layer.second(), KERNEL, KERNEL);
            TrainedParameter.uniform(bias, seed, slot, layer.outputs(), bound).put(state, bias, layer.outputs());
        }
    }

    /** Own names. */
    List<String> names() {
        return layers.stream()
                .flatMap(layer -> List.of(layer.weight(), layer.bias()).stream())
                .toList();
    }

    /** The parameters of a state by their own names. */
    NamedTensors in(NamedTensors state) {
        Map<String, Tensor> own = new TreeMap<>();
        names().forEach(name -> own.put(name, state.get(prefix + name)));
        return NamedTensors.of(own);
    }

    /** Gradients by their names in a state. */
    SortedMap<String, double[]> named(NamedTensors gradients) {
        SortedMap<String, double[]> named = new TreeMap<>();
        gradients.asMap().forEach((name, gradient) -> named.put(prefix + name, gradient.toDoubles()));
        return named;
    }
}
