package dev.cohort.coordinator.method;

import dev.cohort.distill.maps.Adapter;
import dev.cohort.distill.maps.HintAdapter;
import dev.cohort.distill.maps.MapAdapter;
import dev.cohort.distill.maps.Translator;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * An {@link Adapter} whose parameters lie in a state, each as {@code name.parameter}.
 *
 * @param name in the state
 * @param outputs channels of the teacher's map, or of its code
 * @param inputs channels of the student's map
 */
record TrainedAdapter(String name, Form form, int outputs, int inputs) {
    /** The layers of an adapter. */
    enum Form {
        NONE,
        /** A 1x1 convolution with bias. */
        HINT,
        /** A 1x1 convolution without bias and a batch norm. */
        MAP,
        /** A {@link Translator}. */
        TRANSLATOR
    }

    /** Names of its parameters in a state. */
    List<String> parameters() {
        return own().stream().map(this::parameter).toList();
    }

    private List<String> own() {
        return switch (form) {
            case NONE -> List.of();
            case HINT -> List.of(Adapter.WEIGHT, HintAdapter.BIAS);
            case MAP -> List.of(Adapter.WEIGHT, MapAdapter.GAMMA, MapAdapter.BETA);
            case TRANSLATOR -> translator().names();
        };
    }

    private FactorParameters translator() {
        return FactorParameters.ofTranslator(parameter(""), inputs, outputs);
    }

    private String parameter(String of) {
        return name + "." + of;
    }

    /**
     * Puts fresh parameters into a state: weight and bias from U(-1/sqrt(inputs), 1/sqrt(inputs)), PyTorch's initialisation of a
     * convolution; gamma 1 and beta 0. A translator starts as {@link FactorParameters#initial} has it.
     */
    void initial(Map<String, Tensor> state, long seed, int slot) {
        if (form == Form.TRANSLATOR) {
            translator().initial(state, seed, slot);
            return;
        }
        for (String of : own()) {
            switch (of) {
                case Adapter.WEIGHT ->
                    uniform(of, seed, slot, outputs * inputs).put(state, parameter(of), outputs, inputs);
                case HintAdapter.BIAS -> uniform(of, seed, slot, outputs).put(state, parameter(of), outputs);
                default -> {
                    double[] values = new double[outputs];
                    Arrays.fill(values, of.equals(MapAdapter.GAMMA) ? 1 : 0);
                    TrainedParameter.fresh(values).put(state, parameter(of), outputs);
                }
            }
        }
    }

    private TrainedParameter uniform(String of, long seed, int slot, int size) {
        return TrainedParameter.uniform(parameter(of), seed, slot, size, 1 / Math.sqrt(inputs));
    }

    /** With the parameters of a state. */
    Adapter in(NamedTensors state) {
        NamedTensors parameters = NamedTensors.none();
        for (String of : own()) {
            parameters = parameters.with(of, state.get(parameter(of)));
        }
        return switch (form) {
            case NONE -> new Adapter.None();
            case HINT -> new HintAdapter(parameters);
            case MAP -> new MapAdapter(parameters);
            case TRANSLATOR -> new Translator(parameters);
        };
    }

    /** Gradients of its parameters by their names in a state. */
    SortedMap<String, double[]> named(NamedTensors gradients) {
        SortedMap<String, double[]> named = new TreeMap<>();
        gradients.asMap().forEach((of, gradient) -> named.put(parameter(of), gradient.toDoubles()));
        return named;
    }
}
