package dev.cohort.coordinator.method;

import dev.cohort.distill.Softmax;
import dev.cohort.distill.maps.AdaptiveWeights;
import dev.cohort.experiment.Experiment;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Rules of multi-task learning that weigh the K losses (paths) of one student:
 *
 * <pre>
 * published    L = CE + alpha sum e^-a_k l_k + a_k, so w_k = alpha e^-a_k; dL/da_k = alpha (1 - e^-a_k l_k), a_k = 0 at first
 * equal        w_k = 1
 * fixed        w_k as set
 * uncertainty  L = sum e^-s_k l_k + s_k, so w_k = e^-s_k; dL/ds_k = 1 - e^-s_k l_k, s_k = 0 at first    (Kendall et al. 2018)
 * softmax      w = K softmax(a); dL/da_k = w_k (l_k - sum_j w_j l_j / K) + w_k - 1, a_k = 0 at first
 * dwa          w = K softmax(r / T), r_k = l_k of the last epoch / l_k of the one before, T = 2         (Liu et al. 2019)
 * gradnorm     G_k = |w_k g_k|; w descends sum |G_k - mean(G) (l_k/l_k(0) / mean)^alpha|, then sum w = K   (Chen et al. 2018)
 * mgda         the w of the simplex with the shortest sum w_k g_k, {@link MinNormPoint}    (Désidéri 2012; Sener, Koltun 2018)
 * </pre>
 *
 * published is that of Chennupati et al. 2021 as their code has it (wyzelabs-inc/AdaptiveDistillation, AdaptiveLossScaler):
 * the labels are no path, their weight is 1; its weights and gradients are those of {@link AdaptiveWeights}. The others are
 * textbook forms from memory, not read in the papers. Ours: the penalty {@code K KL(uniform || softmax(a))} that keeps softmax
 * from giving all to the smallest loss; equal weights for dwa until a path has two whole epochs; weights of gradnorm not below
 * 0. What is trained descends by the experiment's optimizer, weight decay included. A step's weights come from the state before
 * it. A path that is absent keeps its state, and the K above is the number of paths present.
 */
final class PathWeights {
    static final double DWA_TEMPERATURE = 2;
    private static final String PREFIX = "paths.";

    private final Rule rule;
    private final int paths;
    private final double[] fixed;
    private final double factor;
    private final double exponent;

    /** How weights are chosen. */
    enum Rule {
        PUBLISHED,
        EQUAL,
        FIXED,
        UNCERTAINTY,
        SOFTMAX,
        DWA,
        GRADNORM,
        MGDA
    }

    /**
     * @param fixed weight of every path there can be, for {@link Rule#FIXED}
     * @param factor alpha of {@link Rule#PUBLISHED}
     * @param exponent alpha of {@link Rule#GRADNORM}
     */
    PathWeights(Rule rule, double[] fixed, double factor, double exponent) {
        this.rule = rule;
        this.fixed = fixed.clone();
        this.paths = fixed.length;
        this.factor = factor;
        this.exponent = exponent;
    }

    /** Whether the labels are a path, too; else their weight is 1. */
    boolean weighsLabels() {
        return rule != Rule.PUBLISHED;
    }

    /** The losses and gradients of a student's paths at a step. */
    static final class Observed {
        final int epoch;
        /** Numbers of the K paths present, ascending. */
        final int[] paths;
        /** Their losses l_k [K]. */
        final double[] losses;
        /** Inner products of their gradients [K, K]. */
        final double[] gram;

        Observed(int epoch, int[] paths, double[] losses, double[] gram) {
            this.epoch = epoch;
            this.paths = paths.clone();
            this.losses = losses.clone();
            this.gram = gram.clone();
        }

        int count() {
            return paths.length;
        }
    }

    /** Adds the rule's initial state for a slot's paths to a state. */
    void initial(Map<String, Tensor> state, int slot) {
        switch (rule) {
            case UNCERTAINTY -> TrainedParameter.fresh(new double[paths]).put(state, name(slot, "s"), paths);
            case PUBLISHED, SOFTMAX -> TrainedParameter.fresh(new double[paths]).put(state, name(slot, "a"), paths);
            case GRADNORM -> {
                double[] ones = new double[paths];
                Arrays.fill(ones, 1);
                TrainedParameter.fresh(ones).put(state, name(slot, "w"), paths);
                state.put(name(slot, "first"), Tensor.of(DType.FLOAT64, new double[paths], paths));
            }
            case DWA -> History.none(paths).put(state, slot);
            case EQUAL, FIXED, MGDA -> {}
        }
    }

    /** A state in which the paths of one slot, and those of the others to it, are as in {@code initial}. */
    NamedTensors renewed(NamedTensors state, NamedTensors initial, int slot, int pathToIt) {
        NamedTensors reset = state;
        for (String name : state.asMap().keySet()) {
            if (name.startsWith(name(slot, ""))) {
                reset = ResetSlot.whole(reset, initial, name);
            } else if (name.startsWith(PREFIX) && state.get(name).size() == paths) {
                reset = ResetSlot.elements(reset, initial, name, i -> i == pathToIt);
            }
        }
        return reset;
    }

    private static String name(int slot, String what) {
        return PREFIX + slot + "." + what;
    }

    /** w [K] of the paths present. */
    double[] weights(NamedTensors state, int slot, Observed seen) {
        double[] weights = new double[seen.count()];
        switch (rule) {
            case PUBLISHED -> {
                double[] a = pick(state.get(name(slot, "a")).toDoubles(), seen.paths);
                List<Double> plain = published(a).weights();
                Arrays.setAll(weights, k -> factor * plain.get(k));
            }
            case EQUAL -> Arrays.fill(weights, 1);
            case FIXED -> weights = pick(fixed, seen.paths);
            case UNCERTAINTY -> {
                double[] s = pick(state.get(name(slot, "s")).toDoubles(), seen.paths);
                Arrays.setAll(weights, k -> StrictMath.exp(-s[k]));
            }
            case SOFTMAX -> weights = softmax(pick(state.get(name(slot, "a")).toDoubles(), seen.paths), 1);
            case DWA -> {
                History history = History.of(state, slot).at(seen.epoch);
                weights = dwa(pick(history.previous, seen.paths), pick(history.before, seen.paths));
            }
            case GRADNORM ->
                weights = summingToTheirNumber(pick(state.get(name(slot, "w")).toDoubles(), seen.paths));
            case MGDA -> weights = MinNormPoint.of(seen.gram, seen.count());
        }
        return weights;
    }

    /** The state after a step with these weights. */
    NamedTensors updated(
            NamedTensors state,
            int slot,
            Observed seen,
            double[] weights,
            double learningRate,
            Experiment.Optimizer optimizer) {
        return switch (rule) {
            case EQUAL, FIXED, MGDA -> state;
            case PUBLISHED -> {
                double[] a = pick(state.get(name(slot, "a")).toDoubles(), seen.paths);
                double[] gradient = numbers(
                        published(a).gradient(Arrays.stream(seen.losses).boxed().toList(), factor));
                yield descended(state, name(slot, "a"), seen, gradient, learningRate, optimizer);
            }
            case UNCERTAINTY -> {
                double[] s = pick(state.get(name(slot, "s")).toDoubles(), seen.paths);
                yield descended(
                        state, name(slot, "s"), seen, uncertaintyGradient(seen.losses, s), learningRate, optimizer);
            }
            case SOFTMAX ->
                descended(state, name(slot, "a"), seen, softmaxGradient(seen.losses, weights), learningRate, optimizer);
            case DWA -> {
                Map<String, Tensor> next = new TreeMap<>(state.asMap());
                History.of(state, slot).at(seen.epoch).with(seen).put(next, slot);
                yield NamedTensors.of(next);
            }
            case GRADNORM -> gradNorm(state, slot, seen, weights, learningRate, optimizer);
        };
    }

    /** The rule of the public code; only its velocity is unused, since the experiment's optimizer descends. */
    private static AdaptiveWeights published(double[] a) {
        return new AdaptiveWeights(Arrays.stream(a).boxed().toList(), Collections.nCopies(a.length, 0.0));
    }

    private static double[] numbers(List<Double> values) {
        return values.stream().mapToDouble(Double::doubleValue).toArray();
    }

    /** {@code sum e^-s_k l_k + s_k}. */
    static double uncertaintyLoss(double[] losses, double[] s) {
        double sum = 0;
        for (int k = 0; k < losses.length; k++) {
            sum += StrictMath.exp(-s[k]) * losses[k] + s[k];
        }
        return sum;
    }

    /** {@code 1 - e^-s_k l_k}. */
    static double[] uncertaintyGradient(double[] losses, double[] s) {
        double[] gradient = new double[losses.length];
        Arrays.setAll(gradient, k -> 1 - StrictMath.exp(-s[k]) * losses[k]);
        return gradient;
    }

    private static double[] softmaxGradient(double[] losses, double[] weights) {
        double mean = 0;
        for (int k = 0; k < losses.length; k++) {
            mean += weights[k] * losses[k] / losses.length;
        }
        double[] gradient = new double[losses.length];
        for (int k = 0; k < losses.length; k++) {
            gradient[k] = weights[k] * (losses[k] - mean) + weights[k] - 1;
        }
        return gradient;
    }

    /**
     * {@code K softmax(r / T)}.
     *
     * @param previous losses of the last epoch, 0 where there is none
     * @param before losses of the epoch before it, 0 where there is none
     */
    static double[] dwa(double[] previous, double[] before) {
        double[] ratios = new double[previous.length];
        Arrays.setAll(ratios, k -> previous[k] > 0 && before[k] > 0 ? previous[k] / before[k] : 1);
        return softmax(ratios, DWA_TEMPERATURE);
    }

    private static double[] softmax(double[] values, double temperature) {
        return PredictionMatrices.scaled(Softmax.probabilities(values, values.length, temperature), values.length);
    }

    private NamedTensors gradNorm(
            NamedTensors state,
            int slot,
            Observed seen,
            double[] weights,
            double learningRate,
            Experiment.Optimizer optimizer) {
        double[] first = state.get(name(slot, "first")).toDoubles();
        double[] ratios = new double[seen.count()];
        double[] norms = new double[seen.count()];
        double meanRatio = 0;
        double meanNorm = 0;
        for (int k = 0; k < ratios.length; k++) {
            int path = seen.paths[k];
            first[path] = first[path] > 0 ? first[path] : seen.losses[k];
            ratios[k] = first[path] > 0 ? seen.losses[k] / first[path] : 1;
            norms[k] = Math.sqrt(Math.max(0, seen.gram[k * seen.count() + k]));
            meanRatio += ratios[k] / seen.count();
            meanNorm += weights[k] * norms[k] / seen.count();
        }
        double[] gradient = new double[seen.count()];
        for (int k = 0; k < gradient.length; k++) {
            double rate = meanRatio > 0 ? ratios[k] / meanRatio : 1;
            gradient[k] = Math.signum(weights[k] * norms[k] - meanNorm * StrictMath.pow(rate, exponent)) * norms[k];
        }
        NamedTensors next = descended(state, name(slot, "w"), seen, gradient, learningRate, optimizer);
        double[] all = next.get(name(slot, "w")).toDoubles();
        double[] balanced = summingToTheirNumber(pick(all, seen.paths));
        for (int k = 0; k < balanced.length; k++) {
            all[seen.paths[k]] = balanced[k];
        }
        return next.with(name(slot, "w"), Tensor.of(DType.FLOAT64, all, paths))
                .with(name(slot, "first"), Tensor.of(DType.FLOAT64, first, paths));
    }

    /** Clips weights at 0 and scales them to sum to their number; equal weights if all are 0. */
    private static double[] summingToTheirNumber(double[] weights) {
        double[] positive = Arrays.stream(weights).map(w -> Math.max(0, w)).toArray();
        double sum = Arrays.stream(positive).sum();
        double[] ones = new double[weights.length];
        Arrays.fill(ones, 1);
        return sum > 0 ? PredictionMatrices.scaled(positive, weights.length / sum) : ones;
    }

    /** One step of the entries of the paths present. */
    private static NamedTensors descended(
            NamedTensors state,
            String name,
            Observed seen,
            double[] gradient,
            double learningRate,
            Experiment.Optimizer optimizer) {
        TrainedParameter learned = TrainedParameter.from(state, name);
        for (int k = 0; k < gradient.length; k++) {
            learned.update(seen.paths[k], gradient[k], learningRate, optimizer);
        }
        Map<String, Tensor> next = new TreeMap<>(state.asMap());
        learned.put(next, name, learned.values.length);
        return NamedTensors.of(next);
    }

    private static double[] pick(double[] all, int[] paths) {
        return Arrays.stream(paths).mapToDouble(path -> all[path]).toArray();
    }

    /** Mean losses of the last two epochs in which a slot took part, and the sum over the current one. */
    private static final class History {
        private final double epoch;
        private final double[] sum;
        private final double[] count;
        private final double[] previous;
        private final double[] before;

        private History(double epoch, double[] sum, double[] count, double[] previous, double[] before) {
            this.epoch = epoch;
            this.sum = sum;
            this.count = count;
            this.previous = previous;
            this.before = before;
        }

        static History none(int paths) {
            return new History(0, new double[paths], new double[paths], new double[paths], new double[paths]);
        }

        static History of(NamedTensors state, int slot) {
            return new History(
                    state.get(name(slot, "epoch")).at(0),
                    state.get(name(slot, "sum")).toDoubles(),
                    state.get(name(slot, "count")).toDoubles(),
                    state.get(name(slot, "previous")).toDoubles(),
                    state.get(name(slot, "before")).toDoubles());
        }

        /** The history at epoch {@code now}: a later epoch closes the current one. */
        History at(int now) {
            if (now <= epoch) {
                return this;
            }
            double[] last = previous.clone();
            double[] earlier = before.clone();
            for (int path = 0; path < sum.length; path++) {
                if (count[path] > 0) {
                    earlier[path] = previous[path];
                    last[path] = sum[path] / count[path];
                }
            }
            return new History(now, new double[sum.length], new double[sum.length], last, earlier);
        }

        History with(Observed seen) {
            double[] more = sum.clone();
            double[] counted = count.clone();
            for (int k = 0; k < seen.count(); k++) {
                more[seen.paths[k]] += seen.losses[k];
                counted[seen.paths[k]]++;
            }
            return new History(epoch, more, counted, previous, before);
        }

        void put(Map<String, Tensor> state, int slot) {
            state.put(name(slot, "epoch"), Tensor.of(DType.FLOAT64, new double[] {epoch}, 1));
            state.put(name(slot, "sum"), Tensor.of(DType.FLOAT64, sum, sum.length));
            state.put(name(slot, "count"), Tensor.of(DType.FLOAT64, count, count.length));
            state.put(name(slot, "previous"), Tensor.of(DType.FLOAT64, previous, previous.length));
            state.put(name(slot, "before"), Tensor.of(DType.FLOAT64, before, before.length));
        }
    }
}
