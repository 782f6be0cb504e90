package dev.cohort.coordinator.method;

import dev.cohort.distill.Softmax;
import dev.cohort.experiment.Experiment;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * ONE's gate: from the pooled features of all peers, a weight for each of them in every row.
 *
 * <pre>
 * h = concat of f_s over all slots; a = W h + b; x = (a - mean) / sqrt(variance + 1e-5); r = ReLU(gamma x + beta)
 * g = softmax(r)
 * </pre>
 *
 * An absent slot enters as zeros and is masked to minus infinity after the ReLU; so only present slots are computed. With all
 * slots present this is the gate as published. Training normalises with the biased variance of the batch and keeps the running
 * mean and the unbiased running variance with momentum 0.1; both constants are PyTorch's defaults, which the official code
 * uses. A batch of a single row has no variance: it normalises to 0 and leaves the running statistics alone.
 */
final class Gate {
    static final double EPSILON = 1e-5;
    static final double STATISTICS_MOMENTUM = 0.1;

    private final int[] widths;
    private final int[] offsets;
    private final int inputs;

    Gate(Ints featureWidths) {
        widths = featureWidths.toArray();
        offsets = new int[widths.length];
        int sum = 0;
        for (int slot = 0; slot < widths.length; slot++) {
            offsets[slot] = sum;
            sum += widths[slot];
        }
        inputs = sum;
    }

    /** H, the sum of the feature widths. */
    int inputs() {
        return inputs;
    }

    int width(int slot) {
        return widths[slot];
    }

    /**
     * Features of the contributors present.
     *
     * @param slots ascending
     * @param features per slot, [rows, D] of that slot
     */
    record Input(Ints slots, List<double[]> features, int rows) {
        int present() {
            return slots.size();
        }
    }

    /** A forward pass. Matrices are [rows, m], column j is the j-th contributor present. */
    static final class Pass {
        final Input input;
        /** Of a over the batch [m], or the running one. */
        final double[] mean;
        /** Likewise, biased. */
        final double[] variance;
        /** x. */
        final double[] normalised;
        /** r. */
        final double[] activated;
        /** g. */
        final double[] gates;

        private Pass(Input input, double[] mean, double[] variance, double[] normalised, double[] activated) {
            this.input = input;
            this.mean = mean;
            this.variance = variance;
            this.normalised = normalised;
            this.activated = activated;
            this.gates = Softmax.probabilities(activated, input.present(), 1);
        }
    }

    /** Gradients of a loss. Those of parameters have the parameter's shape, zero where it belongs to an absent slot. */
    static final class Gradients {
        final double[] weight;
        final double[] bias;
        final double[] gamma;
        final double[] beta;
        /** Per contributor present, [rows, D]. */
        final List<double[]> features;

        private Gradients(int slots, int inputs, Input input) {
            weight = new double[slots * inputs];
            bias = new double[slots];
            gamma = new double[slots];
            beta = new double[slots];
            features = input.features().stream()
                    .map(forward -> new double[forward.length])
                    .toList();
        }
    }

    /** With the statistics of this batch. */
    Pass train(GateState state, Input input) {
        double[] linear = linear(state, input);
        int present = input.present();
        double[] mean = new double[present];
        double[] variance = new double[present];
        for (int j = 0; j < present; j++) {
            for (int row = 0; row < input.rows(); row++) {
                mean[j] += linear[row * present + j];
            }
            mean[j] /= input.rows();
            for (int row = 0; row < input.rows(); row++) {
                double difference = linear[row * present + j] - mean[j];
                variance[j] += difference * difference;
            }
            variance[j] /= input.rows();
        }
        return pass(state, input, linear, mean, variance);
    }

    /** With the running statistics. */
    Pass evaluate(GateState state, Input input) {
        double[] mean = new double[input.present()];
        double[] variance = new double[input.present()];
        for (int j = 0; j < mean.length; j++) {
            mean[j] = state.mean[input.slots().get(j)];
            variance[j] = state.variance[input.slots().get(j)];
        }
        return pass(state, input, linear(state, input), mean, variance);
    }

    private double[] linear(GateState state, Input input) {
        int present = input.present();
        double[] linear = new double[input.rows() * present];
        for (int row = 0; row < input.rows(); row++) {
            for (int j = 0; j < present; j++) {
                int slot = input.slots().get(j);
                double sum = state.bias.values[slot];
                for (int k = 0; k < present; k++) {
                    int source = input.slots().get(k);
                    int block = slot * inputs + offsets[source];
                    int start = row * widths[source];
                    for (int d = 0; d < widths[source]; d++) {
                        sum += state.weight.values[block + d] * input.features().get(k)[start + d];
                    }
                }
                linear[row * present + j] = sum;
            }
        }
        return linear;
    }

    private static Pass pass(GateState state, Input input, double[] linear, double[] mean, double[] variance) {
        int present = input.present();
        double[] normalised = new double[linear.length];
        double[] activated = new double[linear.length];
        for (int i = 0; i < linear.length; i++) {
            int j = i % present;
            int slot = input.slots().get(j);
            normalised[i] = (linear[i] - mean[j]) / Math.sqrt(variance[j] + EPSILON);
            activated[i] = Math.max(0, state.gamma.values[slot] * normalised[i] + state.beta.values[slot]);
        }
        return new Pass(input, mean, variance, normalised, activated);
    }

    /**
     * Back-propagates through a training pass.
     *
     * @param gatesGradient dL/dg [rows, m]
     */
    Gradients backward(GateState state, Pass pass, double[] gatesGradient) {
        Input input = pass.input;
        Gradients gradients = new Gradients(widths.length, inputs, input);
        double[] linear = throughNorm(state, pass, throughSoftmax(pass, gatesGradient), gradients);
        for (int i = 0; i < linear.length; i++) {
            int slot = input.slots().get(i % input.present());
            gradients.bias[slot] += linear[i];
            for (int k = 0; k < input.present(); k++) {
                int source = input.slots().get(k);
                int block = slot * inputs + offsets[source];
                int start = (i / input.present()) * widths[source];
                for (int d = 0; d < widths[source]; d++) {
                    gradients.weight[block + d] += linear[i] * input.features().get(k)[start + d];
                    gradients.features.get(k)[start + d] += linear[i] * state.weight.values[block + d];
                }
            }
        }
        return gradients;
    }

    /** {@code dL/dr = g (dL/dg - <g, dL/dg>)} of every row, zero where the ReLU was closed. */
    private static double[] throughSoftmax(Pass pass, double[] gatesGradient) {
        int present = pass.input.present();
        double[] gradient = new double[gatesGradient.length];
        for (int start = 0; start < gradient.length; start += present) {
            double inner = 0;
            for (int i = start; i < start + present; i++) {
                inner += pass.gates[i] * gatesGradient[i];
            }
            for (int i = start; i < start + present; i++) {
                gradient[i] = pass.activated[i] > 0 ? pass.gates[i] * (gatesGradient[i] - inner) : 0;
            }
        }
        return gradient;
    }

    /**
     * {@code dL/da = gamma / sd * (d - mean(d) - x mean(d x))} with d the gradient behind the affine part; the means are over
     * the batch. Adds the gradients of gamma and beta.
     */
    private static double[] throughNorm(GateState state, Pass pass, double[] gradient, Gradients into) {
        int present = pass.input.present();
        int rows = pass.input.rows();
        double[] linear = new double[gradient.length];
        for (int j = 0; j < present; j++) {
            int slot = pass.input.slots().get(j);
            for (int i = j; i < gradient.length; i += present) {
                into.beta[slot] += gradient[i];
                into.gamma[slot] += gradient[i] * pass.normalised[i];
            }
            double scale = state.gamma.values[slot] / Math.sqrt(pass.variance[j] + EPSILON);
            for (int i = j; i < gradient.length; i += present) {
                linear[i] =
                        scale * (gradient[i] - into.beta[slot] / rows - pass.normalised[i] * into.gamma[slot] / rows);
            }
        }
        return linear;
    }

    /** A state in which the parameters and statistics of one slot are reset to those of {@code initial}. */
    NamedTensors renewed(NamedTensors state, NamedTensors initial, int slot) {
        int first = offsets[slot];
        int end = first + widths[slot];
        IntPredicate weights = i -> i / inputs == slot || (i % inputs >= first && i % inputs < end);
        NamedTensors reset = state;
        for (String name : state.asMap().keySet()) {
            IntPredicate own = name.startsWith(GateState.WEIGHT) ? weights : i -> i == slot;
            reset = ResetSlot.elements(reset, initial, name, own);
        }
        return reset;
    }

    /** One optimizer step and one update of the running statistics, for the present slots alone. */
    void update(GateState state, Pass pass, Gradients gradients, double learningRate, Experiment.Optimizer optimizer) {
        Input input = pass.input;
        for (int j = 0; j < input.present(); j++) {
            int slot = input.slots().get(j);
            for (int k = 0; k < input.present(); k++) {
                int source = input.slots().get(k);
                int block = slot * inputs + offsets[source];
                for (int i = block; i < block + widths[source]; i++) {
                    state.weight.update(i, gradients.weight[i], learningRate, optimizer);
                }
            }
            state.bias.update(slot, gradients.bias[slot], learningRate, optimizer);
            state.gamma.update(slot, gradients.gamma[slot], learningRate, optimizer);
            state.beta.update(slot, gradients.beta[slot], learningRate, optimizer);
            if (input.rows() > 1) {
                double unbiased = pass.variance[j] * input.rows() / (input.rows() - 1);
                state.mean[slot] += STATISTICS_MOMENTUM * (pass.mean[j] - state.mean[slot]);
                state.variance[slot] += STATISTICS_MOMENTUM * (unbiased - state.variance[slot]);
            }
        }
    }
}
