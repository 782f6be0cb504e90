package dev.cohort.exact;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Activation;
import ai.djl.nn.core.Linear;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.JniUtils;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * ONE's gate in PyTorch's own operators: {@code softmax(ReLU(BatchNorm(Linear(concat f_i))))}. Its tensors have the names under
 * which the coordinator keeps them.
 */
final class Gate {
    static final String WEIGHT = "gate.weight";
    static final String BIAS = "gate.bias";
    static final String GAMMA = "norm.gamma";
    static final String BETA = "norm.beta";
    static final String MEAN = "norm.mean";
    static final String VARIANCE = "norm.variance";
    static final List<String> PARAMETERS = List.of(WEIGHT, BIAS, GAMMA, BETA);

    private final SortedMap<String, NDArray> arrays = new TreeMap<>();

    /** @param state as the coordinator keeps it; rounded to {@code dtype} */
    Gate(NDManager manager, NamedTensors state, DType dtype) {
        for (String name : List.of(WEIGHT, BIAS, GAMMA, BETA, MEAN, VARIANCE)) {
            arrays.put(name, Arrays.write(manager, state.get(name), dtype));
        }
        PARAMETERS.forEach(name -> get(name).setRequiresGradient(true));
    }

    /** g [B, m] in training mode; moves the running statistics. */
    NDArray forward(List<NDArray> features) {
        NDArray linear = Linear.linear(concat(features), get(WEIGHT), get(BIAS)).singletonOrThrow();
        NDArray normed = JniUtils.batchNorm(
                (PtNDArray) linear, array(MEAN), array(VARIANCE), array(GAMMA), array(BETA), true, 0.1, 1e-5);
        return Activation.relu(normed).softmax(1);
    }

    private static NDArray concat(List<NDArray> features) {
        NDArray all = features.get(0);
        for (NDArray more : features.subList(1, features.size())) {
            all = all.concat(more, 1);
        }
        return all;
    }

    /** Parameters and running statistics. */
    NamedTensors tensors() {
        SortedMap<String, Tensor> tensors = new TreeMap<>();
        arrays.forEach((name, array) -> tensors.put(name, Arrays.read(array)));
        return NamedTensors.of(tensors);
    }

    SortedMap<String, NDArray> parameters() {
        SortedMap<String, NDArray> parameters = new TreeMap<>(arrays);
        parameters.keySet().retainAll(PARAMETERS);
        return parameters;
    }

    /** Loads another state; gradients are kept. */
    void takeUp(NDManager manager, NamedTensors state, DType dtype) {
        arrays.forEach((name, array) -> {
            try (NDArray value = Arrays.write(manager, state.get(name), dtype)) {
                value.copyTo(array);
            }
        });
    }

    private NDArray get(String name) {
        NDArray array = arrays.get(name);
        if (array == null) {
            throw new IllegalArgumentException("gate without " + name);
        }
        return array;
    }

    private PtNDArray array(String name) {
        return (PtNDArray) get(name);
    }
}
