package dev.cohort.coordinator.method;

import dev.cohort.distill.Objective;
import dev.cohort.distill.Softmax;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A classifier on the pooled features of all peers, trained with the labels:
 *
 * <pre>
 * z_E = W concat(f_s over all slots) + b = sum over slots W_s f_s + b
 * dCE(z_E, y)/dz_E = (softmax(z_E) - y)/B = G,  dCE/dW_s = G^T f_s,  dCE/db = sum of the rows of G,  dCE/df_s = G W_s
 * </pre>
 *
 * An absent slot enters as zeros, so only W_s of the present slots is used and trained; the rest of W keeps values and momentum.
 * Values start from U(-1/sqrt(H), 1/sqrt(H)), H the sum of the widths of all slots: PyTorch's initialisation of a linear layer.
 */
final class FusedHead {
    static final String WEIGHT = "head.weight.";
    static final String BIAS = "head.bias";
    private static final int NO_SLOT = -1;

    private final List<Linear> weights = new ArrayList<>();
    private final int classes;

    FusedHead(Ints featureWidths, int classes) {
        for (int slot = 0; slot < featureWidths.size(); slot++) {
            weights.add(new Linear(WEIGHT + slot, classes, featureWidths.get(slot)));
        }
        this.classes = classes;
    }

    /** Adds its initial values to a state. */
    void initial(Map<String, Tensor> state, long seed) {
        int inputs = weights.stream().mapToInt(Linear::inputs).sum();
        for (int slot = 0; slot < weights.size(); slot++) {
            weights.get(slot).initial(state, seed, slot, inputs);
        }
        TrainedParameter.uniform(BIAS, seed, NO_SLOT, classes, 1 / Math.sqrt(inputs))
                .put(state, BIAS, classes);
    }

    /** Forward and backward pass of one batch. */
    static final class Step {
        /** z_E [B, C]. */
        final double[] logits;
        /** CE(z_E, y). */
        final double crossEntropy;
        /** dCE/db [C]. */
        final double[] bias;
        /** dCE/dW_s [C, D] by slot. */
        final SortedMap<Integer, double[]> weights = new TreeMap<>();
        /** dCE/df_s [B, D] by slot. */
        final SortedMap<Integer, double[]> features = new TreeMap<>();

        private Step(double[] logits, double crossEntropy, double[] bias) {
            this.logits = logits;
            this.crossEntropy = crossEntropy;
            this.bias = bias;
        }
    }

    /** z_E [B, C] of the features [B, D] of the slots that are present. */
    double[] logits(NamedTensors state, SortedMap<Integer, double[]> features, int rows) {
        double[] logits = new double[rows * classes];
        Tensor bias = state.get(BIAS);
        for (int i = 0; i < logits.length; i++) {
            logits[i] = bias.at(i % classes);
        }
        features.forEach((slot, own) -> {
            double[] part = weights.get(slot).forward(state, own);
            for (int i = 0; i < logits.length; i++) {
                logits[i] += part[i];
            }
        });
        return logits;
    }

    Step step(NamedTensors state, SortedMap<Integer, double[]> features, SoftLabels labels) {
        double[] logits = logits(state, features, labels.rows());
        double[] y = labels.dense();
        double[] gradient = Softmax.probabilities(logits, classes, 1);
        double[] bias = new double[classes];
        for (int i = 0; i < gradient.length; i++) {
            gradient[i] = (gradient[i] - y[i]) / labels.rows();
            bias[i % classes] += gradient[i];
        }
        Step step = new Step(logits, Objective.crossEntropy(labels, logits), bias);
        features.forEach((slot, own) -> {
            step.weights.put(slot, weights.get(slot).weightGradient(own, gradient));
            step.features.put(slot, weights.get(slot).inputGradient(state, gradient));
        });
        return step;
    }

    /** The state after one update of the weights of the present slots and of the bias. */
    NamedTensors updated(NamedTensors state, Step step, double learningRate, Experiment.Optimizer optimizer) {
        NamedTensors next = TrainedParameter.updated(state, BIAS, step.bias, learningRate, optimizer);
        for (Map.Entry<Integer, double[]> of : step.weights.entrySet()) {
            next = weights.get(of.getKey()).updated(next, of.getValue(), learningRate, optimizer);
        }
        return next;
    }
}
