package dev.cohort.coordinator.method;

import dev.cohort.distill.Softmax;
import dev.cohort.experiment.Experiment;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Attention between peers, row by row, from their pooled features:
 *
 * <pre>
 * Q_a = f_a W_q^T,  K_a = f_a W_k^T,  S_ab = &lt;Q_a, K_b&gt;,  A_a. = softmax(S_a.)      no bias, no scaling, self included
 * dL/dS_ab = A_ab (dL/dA_ab - sum over c of A_ac dL/dA_ac),  dL/dQ_a = sum over b of dL/dS_ab K_b,  dL/dK_b likewise
 * </pre>
 *
 * All slots share W_q and W_k [K, D] when their features are of one width; otherwise each slot has matrices [K, D] of its own.
 * An absent slot is left out.
 */
final class PeerAttention {
    static final String QUERY = "attention.query";
    static final String KEY = "attention.key";
    private static final int NO_SLOT = -1;

    private final SortedMap<Integer, Linear> queries = new TreeMap<>();
    private final SortedMap<Integer, Linear> keys = new TreeMap<>();
    private final boolean shared;
    private final int width;

    /**
     * @param featureWidths D by slot, of the slots that may take part
     * @param width K
     */
    PeerAttention(SortedMap<Integer, Integer> featureWidths, int width) {
        this.width = width;
        shared = new TreeSet<>(featureWidths.values()).size() == 1;
        featureWidths.forEach((slot, inputs) -> {
            String own = shared ? "" : "." + slot;
            queries.put(slot, new Linear(QUERY + own, width, inputs));
            keys.put(slot, new Linear(KEY + own, width, inputs));
        });
    }

    /** Adds its initial values, U(-1/sqrt(D), 1/sqrt(D)), to a state. */
    void initial(Map<String, Tensor> state, long seed) {
        queries.forEach((slot, linear) -> linear.initial(state, seed, shared ? NO_SLOT : slot, linear.inputs()));
        keys.forEach((slot, linear) -> linear.initial(state, seed, shared ? NO_SLOT : slot, linear.inputs()));
    }

    /** A forward pass over the m slots that are present. */
    static final class Pass {
        /** Ascending. */
        final List<Integer> slots;
        /** A [B, m, m]: row, query slot, key slot; slots ascending. */
        final double[] weights;

        private final SortedMap<Integer, double[]> features;
        private final List<double[]> queries;
        private final List<double[]> keys;

        private Pass(
                SortedMap<Integer, double[]> features, List<double[]> queries, List<double[]> keys, double[] weights) {
            slots = List.copyOf(features.keySet());
            this.features = features;
            this.queries = queries;
            this.keys = keys;
            this.weights = weights;
        }
    }

    /** Gradients of a loss. */
    static final class Gradients {
        /** Of the matrices used, by their names in the state. */
        final SortedMap<String, double[]> matrices = new TreeMap<>();
        /** Of the features [B, D], by slot. */
        final SortedMap<Integer, double[]> features = new TreeMap<>();
    }

    Pass forward(NamedTensors state, SortedMap<Integer, double[]> features, int rows) {
        List<double[]> queried = new ArrayList<>();
        List<double[]> keyed = new ArrayList<>();
        features.forEach((slot, own) -> {
            queried.add(of(queries, slot).forward(state, own));
            keyed.add(of(keys, slot).forward(state, own));
        });
        int present = features.size();
        double[] scores = new double[rows * present * present];
        for (int i = 0; i < scores.length; i++) {
            double[] query = queried.get(i / present % present);
            double[] key = keyed.get(i % present);
            int start = i / (present * present) * width;
            for (int d = start; d < start + width; d++) {
                scores[i] += query[d] * key[d];
            }
        }
        return new Pass(features, queried, keyed, Softmax.probabilities(scores, present, 1));
    }

    /** @param weightsGradient dL/dA [B, m, m] */
    Gradients backward(NamedTensors state, Pass pass, double[] weightsGradient) {
        int present = pass.slots.size();
        double[] scores = throughSoftmax(pass.weights, weightsGradient, present);
        Gradients gradients = new Gradients();
        for (int a = 0; a < present; a++) {
            double[] query = new double[pass.queries.get(a).length];
            double[] key = new double[query.length];
            for (int i = 0; i < query.length; i++) {
                int start = i / width * present * present;
                for (int b = 0; b < present; b++) {
                    query[i] += scores[start + a * present + b] * pass.keys.get(b)[i];
                    key[i] += scores[start + b * present + a] * pass.queries.get(b)[i];
                }
            }
            int slot = pass.slots.get(a);
            add(gradients, state, pass, slot, of(queries, slot), query);
            add(gradients, state, pass, slot, of(keys, slot), key);
        }
        return gradients;
    }

    private static double[] throughSoftmax(double[] weights, double[] gradient, int present) {
        double[] scores = new double[weights.length];
        for (int start = 0; start < scores.length; start += present) {
            double inner = 0;
            for (int i = start; i < start + present; i++) {
                inner += weights[i] * gradient[i];
            }
            for (int i = start; i < start + present; i++) {
                scores[i] = weights[i] * (gradient[i] - inner);
            }
        }
        return scores;
    }

    private static void add(
            Gradients into, NamedTensors state, Pass pass, int slot, Linear linear, double[] outputGradient) {
        double[] features = of(pass.features, slot);
        into.matrices.merge(linear.name(), linear.weightGradient(features, outputGradient), PeerAttention::sum);
        into.features.merge(slot, linear.inputGradient(state, outputGradient), PeerAttention::sum);
    }

    private static double[] sum(double[] one, double[] other) {
        double[] sum = one.clone();
        for (int i = 0; i < sum.length; i++) {
            sum[i] += other[i];
        }
        return sum;
    }

    private static <T> T of(SortedMap<Integer, T> bySlot, int slot) {
        T found = bySlot.get(slot);
        if (found == null) {
            throw new IllegalArgumentException("slot " + slot + " takes no part: there are " + bySlot.keySet());
        }
        return found;
    }

    /** The state after one update of the matrices used. */
    NamedTensors updated(NamedTensors state, Gradients gradients, double learningRate, Experiment.Optimizer optimizer) {
        NamedTensors next = state;
        for (Map.Entry<String, double[]> of : gradients.matrices.entrySet()) {
            next = TrainedParameter.updated(next, of.getKey(), of.getValue(), learningRate, optimizer);
        }
        return next;
    }
}
