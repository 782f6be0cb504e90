package dev.cohort.coordinator.method;

import dev.cohort.experiment.Experiment;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Map;

/**
 * A trained matrix W [outputs, inputs] that takes the rows of X [B, inputs] to X W^T [B, outputs]. Its values lie in a state
 * under its name.
 *
 * @param name in the state
 */
record Linear(String name, int outputs, int inputs) {
    /** Puts fresh values from U(-1/sqrt(fanIn), 1/sqrt(fanIn)), PyTorch's initialisation of a linear layer, into a state. */
    void initial(Map<String, Tensor> state, long seed, int slot, int fanIn) {
        TrainedParameter.uniform(name, seed, slot, outputs * inputs, 1 / Math.sqrt(fanIn))
                .put(state, name, outputs, inputs);
    }

    /** X W^T. */
    double[] forward(NamedTensors state, double[] input) {
        double[] weight = state.get(name).toDoubles();
        double[] output = new double[input.length / inputs * outputs];
        for (int i = 0; i < output.length; i++) {
            int row = i / outputs * inputs;
            int column = i % outputs * inputs;
            for (int d = 0; d < inputs; d++) {
                output[i] += weight[column + d] * input[row + d];
            }
        }
        return output;
    }

    /** dL/dW = G^T X, for G = dL/d(X W^T). */
    double[] weightGradient(double[] input, double[] outputGradient) {
        double[] gradient = new double[outputs * inputs];
        for (int i = 0; i < outputGradient.length; i++) {
            int row = i / outputs * inputs;
            int column = i % outputs * inputs;
            for (int d = 0; d < inputs; d++) {
                gradient[column + d] += outputGradient[i] * input[row + d];
            }
        }
        return gradient;
    }

    /** dL/dX = G W, for G = dL/d(X W^T). */
    double[] inputGradient(NamedTensors state, double[] outputGradient) {
        double[] weight = state.get(name).toDoubles();
        double[] gradient = new double[outputGradient.length / outputs * inputs];
        for (int i = 0; i < outputGradient.length; i++) {
            int row = i / outputs * inputs;
            int column = i % outputs * inputs;
            for (int d = 0; d < inputs; d++) {
                gradient[row + d] += outputGradient[i] * weight[column + d];
            }
        }
        return gradient;
    }

    /** The state after one step down {@code gradient} [outputs, inputs]. */
    NamedTensors updated(NamedTensors state, double[] gradient, double learningRate, Experiment.Optimizer optimizer) {
        return TrainedParameter.updated(state, name, gradient, learningRate, optimizer);
    }
}
