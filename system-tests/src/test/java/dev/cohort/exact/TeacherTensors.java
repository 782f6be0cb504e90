package dev.cohort.exact;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a teacher trains, as leaves of the autograd graph, and its running statistics, under the names of the coordinator's state.
 * A tensor is trained if the state keeps a momentum for it.
 */
final class TeacherTensors {
    static final String MOMENTUM = ".momentum";

    private final SortedMap<String, NDArray> parameters = new TreeMap<>();
    private final SortedMap<String, NDArray> statistics = new TreeMap<>();

    /** @param state as the coordinator keeps it; rounded to {@code dtype} */
    TeacherTensors(NDManager manager, NamedTensors state, DType dtype) {
        state.asMap().forEach((name, tensor) -> {
            if (state.find(name + MOMENTUM).isPresent()) {
                NDArray leaf = Arrays.write(manager, tensor, dtype);
                leaf.setRequiresGradient(true);
                parameters.put(name, leaf);
            } else if (!name.endsWith(MOMENTUM)) {
                statistics.put(name, Arrays.write(manager, tensor, dtype));
            }
        });
    }

    /** Loads another state; gradients are kept. */
    void takeUp(NDManager manager, NamedTensors state, DType dtype) {
        all().forEach((name, array) -> {
            try (NDArray value = Arrays.write(manager, state.get(name), dtype)) {
                value.copyTo(array);
            }
        });
    }

    /** Parameters and running statistics. */
    NamedTensors tensors() {
        SortedMap<String, Tensor> tensors = new TreeMap<>();
        all().forEach((name, array) -> tensors.put(name, Arrays.read(array)));
        return NamedTensors.of(tensors);
    }

    SortedMap<String, NDArray> parameters() {
        return new TreeMap<>(parameters);
    }

    boolean has(String name) {
        return all().containsKey(name);
    }

    NDArray get(String name) {
        return Optional.ofNullable(all().get(name))
                .orElseThrow(() -> new IllegalArgumentException(
                        "no tensor " + name + " of the teacher: there are " + all().keySet()));
    }

    /** As PyTorch's own operators take it. */
    PtNDArray torch(String name) {
        return (PtNDArray) get(name);
    }

    private SortedMap<String, NDArray> all() {
        SortedMap<String, NDArray> all = new TreeMap<>(parameters);
        all.putAll(statistics);
        return all;
    }
}
