package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Shares;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.Softmax;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Adaptive distillation along several paths, each student with weights of its own for them ({@link PathWeights}):
 *
 * <pre>
 * L_i = w_labels CE(z_i, y) + w_ensemble T^2 KL(z_E || z_i) + sum over j != i of w_j T^2 KL(z_j || z_i)
 *       + w_logits 1/(BC) |z_i - z_E|^2 + w_features l_i
 * KL(a || b) is that of softmax_T(a), a constant, and softmax_T(b);  l_i is that of {@link MutualFeatures}
 * z_E = mean of all z_k with ensemble: all, of all but z_i with ensemble: others
 * </pre>
 *
 * The terms of a contributor are addressed to it: {@code CrossEntropy} of weight w_labels - 1 on top of the 1 for everybody; one
 * soft target, the mean of all its teachers' probabilities by their weights, of the sum of those weights (same gradient as the
 * formula; the value is smaller by an amount that does not depend on z_i); and the paths on logits and on features as leaf gradients. A peer that
 * does not contribute gets the labels and the mean of all logits, each with weight 1.
 *
 * <p>The weights of every step are in the log, as addressed {@link Term.Figures} by path: {@code labels}, {@code ensemble},
 * {@code logits}, {@code features}, and {@code slotN} for the path to the peer in that slot.
 *
 * <p>gradnorm and mgda need the paths' gradients with respect to shared weights; here they are those with respect to what the
 * student published (logits; features for the feature path), which the coordinator has: in the style of MGDA-UB, and ours. So
 * the feature path is orthogonal to all others. mgda's weights sum to 1 and favour the path with the smallest gradient.
 *
 * <p>Source: Chennupati, Kamani, Cheng, Chen, "Adaptive Distillation", BMVC 2021 (arXiv 2110.09674): the rule {@code published}, the
 * loss and the paths on logits are those of its public code, for one teacher. Several peers as teachers and the other rules are ours.
 */
final class Adaptive implements Teacher {
    private static final String WEIGHTS = "weights";
    private static final String ENSEMBLE = "ensemble";
    private static final String ALL = "all";
    private static final String OTHERS = "others";
    private static final String FEATURES = "features";
    private static final String LABELS = "labels";
    private static final String TEMPERATURE = "temperature";
    private static final String SLOT = "slot";
    private static final String FACTOR = "alpha";
    private static final String ALPHA = "gradnorm_alpha";
    private static final String LOGITS = "logits";
    private static final String TEACHERS = "teachers";
    private static final String BOTH = "both";
    private static final String FIXED = "fixed_";
    private static final String PEERS = "peers";
    private static final int LABELS_PATH = 0;
    private static final int ENSEMBLE_PATH = 1;
    private static final int FEATURES_PATH = 2;
    private static final int LOGITS_PATH = 3;
    private static final int PEER_PATHS = 4;

    static final Method METHOD = new Method(
            "adaptive",
            "each peer learns along several paths, whose weights follow a rule of multi-task learning",
            "L_i = w_labels CE(z_i, y) + w_ensemble T^2 KL(softmax_T(z_E) || softmax_T(z_i)) + sum_{j!=i} w_j T^2"
                    + " KL(softmax_T(z_j) || softmax_T(z_i)) + w_logits mean (z_i - z_E)^2 + w_features/(m-1) sum_{j!=i}"
                    + " |n_i - n_j|^2, z_E = mean of z_k, n = f/|f|; published: w_labels = 1, w_k = alpha e^-a_k, a_k descends"
                    + " alpha sum e^-a_k l_k + a_k",
            "Chennupati et al., Adaptive Distillation, BMVC 2021, arXiv 2110.09674; rule published as in its code"
                    + " (wyzelabs-inc/AdaptiveDistillation), for one teacher; several teachers and the other rules are ours",
            List.of(
                    new MethodParameter(
                            TEMPERATURE,
                            MethodParameter.Range.TEMPERATURE,
                            "3.0",
                            "T of teachers and student; the losses carry T^2"),
                    new MethodParameter(
                            WEIGHTS,
                            MethodParameter.Range.oneOf(
                                    "published", "equal", "fixed", "uncertainty", "softmax", "dwa", "gradnorm", "mgda"),
                            "published",
                            "rule by which each student's paths are weighted"),
                    new MethodParameter(
                            ENSEMBLE,
                            MethodParameter.Range.oneOf(ALL, OTHERS),
                            ALL,
                            "whose mean logits are the ensemble: of all peers, or of all but the student"),
                    new MethodParameter(
                            TEACHERS,
                            MethodParameter.Range.oneOf(BOTH, ENSEMBLE, PEERS),
                            BOTH,
                            "to whom there are paths: to the ensemble, to each peer, or to both"),
                    new MethodParameter(
                            LOGITS,
                            MethodParameter.Range.FLAG,
                            "false",
                            "whether there is a path on the squared distance of the logits from those of the ensemble"),
                    new MethodParameter(
                            FEATURES,
                            MethodParameter.Range.FLAG,
                            "true",
                            "whether there is a path on the pooled features"),
                    fixed(LABELS),
                    fixed(ENSEMBLE),
                    fixed(LOGITS),
                    fixed(FEATURES),
                    fixed(PEERS),
                    new MethodParameter(
                            FACTOR,
                            MethodParameter.Range.FACTOR,
                            "1.0",
                            "factor of all paths but the labels, for weights: published"),
                    new MethodParameter(
                            ALPHA,
                            MethodParameter.Range.EXPONENT,
                            "1.5",
                            "exponent by which gradnorm favours paths that learn slowly")),
            Adaptive::new);

    private static MethodParameter fixed(String path) {
        return new MethodParameter(
                FIXED + path,
                MethodParameter.Range.FACTOR,
                "1.0",
                "weight of " + (path.equals(PEERS) ? "the path to each peer" : "path " + path)
                        + ", for weights: fixed");
    }

    private final double temperature;
    private final boolean ofAll;
    private final boolean withEnsemble;
    private final boolean withPeers;
    private final boolean withLogits;
    private final boolean withFeatures;
    private final TeacherSetting setting;
    private final PathWeights rule;
    private final MutualFeatures mutual;

    private Adaptive(Arguments arguments, TeacherSetting setting) {
        temperature = arguments.number(TEMPERATURE);
        ofAll = arguments.word(ENSEMBLE).equals(ALL);
        withEnsemble = !arguments.word(TEACHERS).equals(PEERS);
        withPeers = !arguments.word(TEACHERS).equals(ENSEMBLE);
        withLogits = arguments.flag(LOGITS);
        withFeatures = arguments.flag(FEATURES);
        this.setting = setting;
        double[] fixed = new double[PEER_PATHS + setting.slots()];
        for (int path = 0; path < fixed.length; path++) {
            String name = path < PEER_PATHS ? name(path) : PEERS;
            fixed[path] = arguments.number(FIXED + name);
        }
        rule = new PathWeights(
                PathWeights.Rule.valueOf(arguments.word(WEIGHTS).toUpperCase(Locale.ROOT)),
                fixed,
                arguments.number(FACTOR),
                arguments.number(ALPHA));
        mutual = new MutualFeatures(setting.featureWidths());
    }

    private static String name(int path) {
        return switch (path) {
            case LABELS_PATH -> LABELS;
            case ENSEMBLE_PATH -> ENSEMBLE;
            case FEATURES_PATH -> FEATURES;
            case LOGITS_PATH -> LOGITS;
            default -> SLOT + (path - PEER_PATHS);
        };
    }

    @Override
    public List<String> reads() {
        return withFeatures ? List.of(TensorName.FEATURES) : List.of();
    }

    @Override
    public int contributorsMin() {
        return 2;
    }

    @Override
    public NamedTensors initialState() {
        Map<String, Tensor> state = new TreeMap<>();
        for (int slot = 0; slot < setting.slots(); slot++) {
            rule.initial(state, slot);
        }
        if (withFeatures) {
            mutual.initial(state, setting.seed());
        }
        return NamedTensors.of(state);
    }

    /** One path of one student: its loss, its target probabilities if it has any, and its gradient. */
    private static final class Path {
        final int number;
        final double loss;
        final Optional<double[]> probabilities;
        /** With respect to the logits, or for the feature path the features. */
        final double[] gradient;

        private Path(int number, double loss, Optional<double[]> probabilities, double[] gradient) {
            this.number = number;
            this.loss = loss;
            this.probabilities = probabilities;
            this.gradient = gradient;
        }
    }

    @Override
    public NamedTensors renewed(NamedTensors state, int slot) {
        NamedTensors paths = rule.renewed(state, initialState(), slot, PEER_PATHS + slot);
        return ResetSlot.named(paths, initialState(), slot);
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        int rows = input.labels().rows();
        SortedMap<Integer, NamedTensors> tensors = PredictionMatrices.bySlot(input.predictions());
        SortedMap<Integer, double[]> logits = new TreeMap<>();
        tensors.forEach((slot, own) ->
                logits.put(slot, PredictionMatrices.matrix(slot, own, TensorName.LOGITS, rows, setting.classes())));
        MutualFeatures.Step features = withFeatures
                ? mutual.step(state, PredictionMatrices.features(tensors, rows, setting.featureWidths()), rows)
                : new MutualFeatures.Step();
        SortedMap<Integer, List<Term>> addressed = new TreeMap<>();
        SortedMap<Integer, Double> featureWeights = new TreeMap<>();
        NamedTensors next = state;
        for (int slot : logits.keySet()) {
            List<Path> paths = paths(slot, logits, features, input);
            PathWeights.Observed seen = observed(paths, input.epoch());
            double[] weights = rule.weights(state, slot, seen);
            addressed.put(slot, terms(paths, weights, rows));
            paths.stream()
                    .filter(path -> path.number == FEATURES_PATH)
                    .forEach(path -> featureWeights.put(slot, weights[paths.indexOf(path)]));
            next = rule.updated(next, slot, seen, weights, input.learningRate(), setting.optimizer());
        }
        next = mutual.updated(next, features, featureWeights, input.learningRate(), setting.optimizer());
        Term others = new Term.SoftTarget(
                ENSEMBLE,
                Tensor.of(
                        setting.wire(), PredictionMatrices.mean(List.copyOf(logits.values())), rows, setting.classes()),
                Term.Space.LOGITS,
                Term.Vote.INCLUDED,
                1,
                temperature,
                Term.Audience.OTHERS);
        return new TeacherStep(1, List.of(others), addressed, next);
    }

    private List<Path> paths(
            int slot, SortedMap<Integer, double[]> logits, MutualFeatures.Step features, StepInput input) {
        double[] own = logits.getOrDefault(slot, new double[0]);
        List<Path> paths = new ArrayList<>();
        if (rule.weighsLabels()) {
            paths.add(labels(own, input));
        }
        List<double[]> ensemble = new ArrayList<>();
        logits.forEach((other, theirs) -> {
            if (ofAll || other != slot) {
                ensemble.add(theirs);
            }
        });
        int rows = input.labels().rows();
        double[] mean = PredictionMatrices.mean(ensemble);
        if (withEnsemble) {
            paths.add(distillation(ENSEMBLE_PATH, mean, own, rows));
        }
        Optional.ofNullable(features.features.get(slot))
                .ifPresent(gradient -> paths.add(
                        new Path(FEATURES_PATH, features.losses.getOrDefault(slot, 0.0), Optional.empty(), gradient)));
        if (withLogits) {
            paths.add(distance(mean, own));
        }
        logits.forEach((other, theirs) -> {
            if (withPeers && other != slot) {
                paths.add(distillation(PEER_PATHS + other, theirs, own, rows));
            }
        });
        return paths;
    }

    /** {@code mean (z_i - z_E)^2} over batch and classes. */
    private static Path distance(double[] teacher, double[] own) {
        double[] gradient = new double[own.length];
        double loss = 0;
        for (int i = 0; i < own.length; i++) {
            double difference = own[i] - teacher[i];
            loss += difference * difference / own.length;
            gradient[i] = 2 * difference / own.length;
        }
        return new Path(LOGITS_PATH, loss, Optional.empty(), gradient);
    }

    private Path labels(double[] own, StepInput input) {
        double[] y = input.labels().dense();
        double[] gradient = Softmax.probabilities(own, setting.classes(), 1);
        double[] logarithms = Softmax.logProbabilities(own, setting.classes(), 1);
        int rows = input.labels().rows();
        double loss = 0;
        for (int i = 0; i < gradient.length; i++) {
            loss -= y[i] * logarithms[i] / rows;
            gradient[i] = (gradient[i] - y[i]) / rows;
        }
        return new Path(LABELS_PATH, loss, Optional.empty(), gradient);
    }

    private Path distillation(int number, double[] teacher, double[] own, int rows) {
        double[] q = Softmax.probabilities(teacher, setting.classes(), temperature);
        double[] logarithms = Softmax.logProbabilities(teacher, setting.classes(), temperature);
        double[] gradient = Softmax.probabilities(own, setting.classes(), temperature);
        double[] ownLogarithms = Softmax.logProbabilities(own, setting.classes(), temperature);
        double loss = 0;
        for (int i = 0; i < q.length; i++) {
            loss += temperature * temperature * q[i] * (logarithms[i] - ownLogarithms[i]) / rows;
            gradient[i] = temperature * (gradient[i] - q[i]) / rows;
        }
        // Rounding may leave the divergence of equal distributions slightly below 0, which no rule expects of a loss.
        return new Path(number, Math.max(0, loss), Optional.of(q), gradient);
    }

    private static PathWeights.Observed observed(List<Path> paths, int epoch) {
        int count = paths.size();
        double[] gram = new double[count * count];
        for (int k = 0; k < count; k++) {
            for (int l = 0; l < count; l++) {
                boolean same = (paths.get(k).number == FEATURES_PATH) == (paths.get(l).number == FEATURES_PATH);
                for (int i = 0; same && i < paths.get(k).gradient.length; i++) {
                    gram[k * count + l] += paths.get(k).gradient[i] * paths.get(l).gradient[i];
                }
            }
        }
        return new PathWeights.Observed(
                epoch,
                paths.stream().mapToInt(path -> path.number).toArray(),
                paths.stream().mapToDouble(path -> path.loss).toArray(),
                gram);
    }

    private List<Term> terms(List<Path> paths, double[] weights, int rows) {
        SortedMap<String, Double> figures = new TreeMap<>();
        double[] mean = new double[rows * setting.classes()];
        double sum = 0;
        double labels = 1;
        List<Term> terms = new ArrayList<>();
        for (int k = 0; k < weights.length; k++) {
            Path path = paths.get(k);
            figures.put(name(path.number), weights[k]);
            if (path.number == LABELS_PATH) {
                labels = weights[k];
            } else if (path.probabilities.isEmpty()) {
                double[] gradient = PredictionMatrices.scaled(path.gradient, weights[k]);
                terms.add(new Term.LeafGradient(
                        name(path.number),
                        path.number == FEATURES_PATH ? TensorName.FEATURES : TensorName.LOGITS,
                        Tensor.of(setting.wire(), gradient, rows, gradient.length / rows)));
            } else {
                double[] q = path.probabilities.orElseThrow();
                for (int i = 0; i < mean.length; i++) {
                    mean[i] += weights[k] * q[i];
                }
                sum += weights[k];
            }
        }
        if (sum > 0) {
            terms.add(new Term.SoftTarget(
                    PEERS,
                    Tensor.of(setting.wire(), PredictionMatrices.scaled(mean, 1 / sum), rows, setting.classes()),
                    Term.Space.PROBABILITIES,
                    Term.Vote.INCLUDED,
                    sum,
                    temperature));
        }
        figures.put(LABELS, labels);
        if (rule.weighsLabels()) {
            terms.add(0, new Term.CrossEntropy(LABELS, labels - 1));
        }
        terms.add(new Term.Figures(WEIGHTS, figures));
        return terms;
    }

    /** From the weights of the paths: the ensemble's weight is divided equally among its members. */
    @Override
    public Shares shares(NamedTensors state, StepInput input, TeacherStep teacherStep) {
        List<Integer> slots = Shares.slots(input);
        SortedMap<Integer, SortedMap<Integer, Double>> byStudent = new TreeMap<>();
        teacherStep.addressed().forEach((student, terms) -> {
            SortedMap<Integer, Double> row = new TreeMap<>();
            for (Term term : terms) {
                if (term instanceof Term.Figures figures) {
                    SortedMap<String, Double> weights = figures.values();
                    List<Integer> ensemble = ofAll ? slots : Shares.without(slots, student);
                    Shares.add(row, ensemble, weights.getOrDefault(ENSEMBLE, 0.0));
                    slots.forEach(slot -> row.merge(slot, weights.getOrDefault(SLOT + slot, 0.0), Double::sum));
                }
            }
            Shares.normalised(row).ifPresent(shares -> byStudent.put(student, shares));
        });
        return new Shares(true, byStudent);
    }

    /** The mean of the logits of all, also where the ensemble leaves the student out. */
    @Override
    public Optional<Tensor> evaluate(NamedTensors state, SortedMap<Integer, NamedTensors> predictions) {
        return PredictionMatrices.meanLogits(predictions, setting);
    }
}
