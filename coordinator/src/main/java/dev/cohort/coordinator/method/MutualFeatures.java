package dev.cohort.coordinator.method;

import dev.cohort.experiment.Experiment;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Mutual learning of pooled features: each peer pulls the direction of its features towards those of every other.
 *
 * <pre>
 * l_i = 1/(m-1) sum over j != i of (1/B) sum |n_i - n_j|^2,  n = x / |x|_2 row by row, n_j constant
 * dl_i/dn_i = (2/B) (n_i - mean of the others' n_j),  dl_i/dx_i = (g - n_i &lt;n_i, g&gt;) / |x_i|  for g = dl_i/dn_i
 * </pre>
 *
 * x_i are the features f_i where all slots have the same width. Otherwise x_i = f_i P_i^T with a trained matrix per slot onto the
 * width of the narrowest; l_i then trains P_i, too, and only the others' side is constant. A row of zeros has no direction: n = 0
 * and no gradient.
 */
final class MutualFeatures {
    static final String PROJECTION = "projection.";

    private final SortedMap<Integer, Linear> projections = new TreeMap<>();

    MutualFeatures(Ints featureWidths) {
        SortedMap<Integer, Integer> bySlot = new TreeMap<>();
        for (int slot = 0; slot < featureWidths.size(); slot++) {
            bySlot.put(slot, featureWidths.get(slot));
        }
        if (new TreeSet<>(bySlot.values()).size() > 1) {
            int narrowest = Collections.min(bySlot.values());
            bySlot.forEach((slot, width) -> projections.put(slot, new Linear(PROJECTION + slot, narrowest, width)));
        }
    }

    /** Adds the initial projections, if there are any, to a state: U(-1/sqrt(D), 1/sqrt(D)). */
    void initial(Map<String, Tensor> state, long seed) {
        projections.forEach((slot, linear) -> linear.initial(state, seed, slot, linear.inputs()));
    }

    /** The unweighted loss and gradients of every slot present. */
    static final class Step {
        /** l_i. */
        final SortedMap<Integer, Double> losses = new TreeMap<>();
        /** dl_i/df_i [B, D]. */
        final SortedMap<Integer, double[]> features = new TreeMap<>();
        /** dl_i/dP_i. */
        final SortedMap<Integer, double[]> projections = new TreeMap<>();
    }

    /**
     * One batch.
     *
     * @param features [B, D] by slot; a single slot has no others to learn from
     */
    Step step(NamedTensors state, SortedMap<Integer, double[]> features, int rows) {
        SortedMap<Integer, double[]> projected = new TreeMap<>(features);
        projections.forEach((slot, linear) -> projected.computeIfPresent(slot, (s, own) -> linear.forward(state, own)));
        SortedMap<Integer, double[]> directions = new TreeMap<>();
        projected.forEach((slot, own) -> directions.put(slot, directions(own, own.length / rows)));
        Step step = new Step();
        projected.forEach((slot, own) -> {
            double[] direction = of(directions, slot);
            double[] gradient = new double[own.length];
            double loss = 0;
            int others = directions.size() - 1;
            for (Map.Entry<Integer, double[]> other : directions.entrySet()) {
                if (!other.getKey().equals(slot)) {
                    for (int i = 0; i < gradient.length; i++) {
                        double difference = direction[i] - other.getValue()[i];
                        loss += difference * difference / rows / others;
                        gradient[i] += 2 * difference / rows / others;
                    }
                }
            }
            step.losses.put(slot, loss);
            through(state, step, slot, of(features, slot), throughDirection(own, direction, gradient, rows));
        });
        return step;
    }

    private void through(NamedTensors state, Step step, int slot, double[] features, double[] gradient) {
        Linear projection = projections.get(slot);
        if (projection == null) {
            step.features.put(slot, gradient);
        } else {
            step.features.put(slot, projection.inputGradient(state, gradient));
            step.projections.put(slot, projection.weightGradient(features, gradient));
        }
    }

    private static double[] directions(double[] values, int columns) {
        double[] directions = new double[values.length];
        for (int start = 0; start < values.length; start += columns) {
            double norm = norm(values, start, columns);
            for (int i = start; i < start + columns; i++) {
                directions[i] = norm > 0 ? values[i] / norm : 0;
            }
        }
        return directions;
    }

    private static double[] throughDirection(double[] values, double[] directions, double[] gradient, int rows) {
        int columns = values.length / rows;
        double[] through = new double[values.length];
        for (int start = 0; start < values.length; start += columns) {
            double norm = norm(values, start, columns);
            double inner = 0;
            for (int i = start; i < start + columns; i++) {
                inner += directions[i] * gradient[i];
            }
            for (int i = start; i < start + columns; i++) {
                through[i] = norm > 0 ? (gradient[i] - directions[i] * inner) / norm : 0;
            }
        }
        return through;
    }

    private static double norm(double[] values, int start, int columns) {
        double squares = 0;
        for (int i = start; i < start + columns; i++) {
            squares += values[i] * values[i];
        }
        return Math.sqrt(squares);
    }

    private static double[] of(SortedMap<Integer, double[]> bySlot, int slot) {
        double[] found = bySlot.get(slot);
        if (found == null) {
            throw new IllegalArgumentException(
                    "no features of slot " + slot + ": there are those of " + bySlot.keySet());
        }
        return found;
    }

    /** The state after one update of the projections of the present slots, whose losses have these weights. */
    NamedTensors updated(
            NamedTensors state,
            Step step,
            Map<Integer, Double> weights,
            double learningRate,
            Experiment.Optimizer optimizer) {
        NamedTensors next = state;
        for (Map.Entry<Integer, double[]> of : step.projections.entrySet()) {
            double weight = weights.getOrDefault(of.getKey(), 0.0);
            next = TrainedParameter.updated(
                    next,
                    PROJECTION + of.getKey(),
                    PredictionMatrices.scaled(of.getValue(), weight),
                    learningRate,
                    optimizer);
        }
        return next;
    }
}
