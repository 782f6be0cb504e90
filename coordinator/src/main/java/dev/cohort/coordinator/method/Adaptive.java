package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Shares;
import dev.cohort.coordinator.teacher.Teacher;
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
 *       + w_logits 1/(BC) |z_i - z_E|^2 + w_features l_i + sum over paths k on maps of w_k l_k
 * KL(a || b) is that of softmax_T(a), a constant, and softmax_T(b);  l_i is that of {@link MutualFeatures}, l_k of {@link MapPaths}
 * z_E = mean of all z_k with ensemble: all, of all but z_i with ensemble: others
 * </pre>
 *
 * The terms of a contributor are addressed to it: {@code CrossEntropy} of weight w_labels - 1 on top of the 1 for everybody; one
 * soft target, the mean of all its teachers' probabilities by their weights, of the sum of those weights (same gradient as the
 * formula; the value is smaller by an amount that does not depend on z_i); and the paths on logits, on features and on maps as
 * leaf gradients, those on one map summed up. A peer that does not contribute gets the labels and the mean of all logits, each with weight 1.
 *
 * <p>The weights of every step are in the log, as addressed {@link Term.Figures} by path: {@code labels}, {@code ensemble},
 * {@code logits}, {@code features}, {@code slotN} for the path to the peer in that slot, and for the paths on maps their names in
 * {@code map_paths}. The losses of the latter are there, too, since a leaf gradient has no value.
 *
 * <p>gradnorm and mgda need the paths' gradients with respect to shared weights; here they are those with respect to what the
 * student published (logits, features, maps), which the coordinator has: in the style of MGDA-UB, and ours. So paths on
 * different tensors are orthogonal. mgda's weights sum to 1 and favour the path with the smallest gradient.
 *
 * <p>Source: Chennupati, Kamani, Cheng, Chen, "Adaptive Distillation", BMVC 2021 (arXiv 2110.09674): the rule {@code published},
 * the loss and the paths on logits and on maps are those of its public code, for one teacher. Several peers as teachers and the
 * other rules are ours, and that there is no adapter between maps of equal width. Its path SoftmaxRegression is left out: it
 * needs the last layer of each teacher, which peers do not publish.
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
    private static final String MAPS = "maps";
    private static final String MAP_PATHS = "map_paths";
    private static final String LOSSES = "losses";
    private static final int LABELS_PATH = 0;
    private static final int ENSEMBLE_PATH = 1;
    private static final int FEATURES_PATH = 2;
    private static final int LOGITS_PATH = 3;
    /** The first of the paths to peers, which those on maps follow. */
    private static final int PEER_PATHS = 4;

    static final Method METHOD = new Method(
            "adaptive",
            "each peer learns along several paths, whose weights follow a rule of multi-task learning",
            "L_i = w_labels CE(z_i, y) + w_ensemble T^2 KL(softmax_T(z_E) || softmax_T(z_i)) + sum_{j!=i} w_j T^2"
                    + " KL(softmax_T(z_j) || softmax_T(z_i)) + w_logits mean (z_i - z_E)^2 + w_features/(m-1) sum_{j!=i}"
                    + " |n_i - n_j|^2 + sum_k w_k/(m-1) sum_{j!=i} d_k(F_i, F_j), z_E = mean of z_k, n = f/|f|;"
                    + " published: w_labels = 1, w_k = alpha e^-a_k, a_k descends"
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
                    new MethodParameter(
                            MAP_PATHS,
                            MethodParameter.Range.MAP_PATHS,
                            MapPaths.NONE,
                            "paths on feature maps, each to all other peers"),
                    MapTeacher.maps("last"),
                    fixed(LABELS),
                    fixed(ENSEMBLE),
                    fixed(LOGITS),
                    fixed(FEATURES),
                    fixed(PEERS),
                    fixed(MAPS),
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
        String paths = switch (path) {
            case PEERS -> "the path to each peer";
            case MAPS -> "each path on maps";
            default -> "path " + path;
        };
        return new MethodParameter(
                FIXED + path, MethodParameter.Range.FACTOR, "1.0", "weight of " + paths + ", for weights: fixed");
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
    private final MapPaths mapPaths;

    private Adaptive(Arguments arguments, TeacherSetting setting) {
        temperature = arguments.number(TEMPERATURE);
        ofAll = arguments.word(ENSEMBLE).equals(ALL);
        withEnsemble = !arguments.word(TEACHERS).equals(PEERS);
        withPeers = !arguments.word(TEACHERS).equals(ENSEMBLE);
        withLogits = arguments.flag(LOGITS);
        withFeatures = arguments.flag(FEATURES);
        this.setting = setting;
        mapPaths = new MapPaths(arguments.word(MAP_PATHS), arguments.word(MAPS), setting);
        double[] fixed = new double[PEER_PATHS + setting.slots() + mapPaths.count()];
        for (int path = 0; path < fixed.length; path++) {
            String ofMany = path < firstMapPath() ? PEERS : MAPS;
            fixed[path] = arguments.number(FIXED + (path < PEER_PATHS ? name(path) : ofMany));
        }
        rule = new PathWeights(
                PathWeights.Rule.valueOf(arguments.word(WEIGHTS).toUpperCase(Locale.ROOT)),
                fixed,
                arguments.number(FACTOR),
                arguments.number(ALPHA));
        mutual = new MutualFeatures(setting.featureWidths());
    }

    private int firstMapPath() {
        return PEER_PATHS + setting.slots();
    }

    private String name(int path) {
        return switch (path) {
            case LABELS_PATH -> LABELS;
            case ENSEMBLE_PATH -> ENSEMBLE;
            case FEATURES_PATH -> FEATURES;
            case LOGITS_PATH -> LOGITS;
            default -> path < firstMapPath() ? SLOT + (path - PEER_PATHS) : mapPaths.word(path - firstMapPath());
        };
    }

    @Override
    public List<String> reads() {
        List<String> reads = new ArrayList<>(withFeatures ? List.of(TensorName.FEATURES) : List.of());
        reads.addAll(mapPaths.reads());
        return List.copyOf(reads);
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
        mapPaths.initial(state);
        return NamedTensors.of(state);
    }

    @Override
    public NamedTensors renewed(NamedTensors state, int slot) {
        NamedTensors initial = initialState();
        NamedTensors paths = rule.renewed(state, initial, slot, PEER_PATHS + slot);
        return mapPaths.renewed(ResetSlot.named(paths, initial, slot), initial, slot);
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
        PublishedMaps maps = PublishedMaps.of(mapPaths.reads(), input, setting);
        SortedMap<Integer, List<Term>> addressed = new TreeMap<>();
        SortedMap<Integer, Double> featureWeights = new TreeMap<>();
        SortedMap<String, double[]> adapters = new TreeMap<>();
        NamedTensors next = state;
        for (int slot : logits.keySet()) {
            List<LearningPath> paths = paths(slot, logits, features, input);
            paths.addAll(mapPaths.of(state, maps, slot, input, firstMapPath()));
            PathWeights.Observed seen = LearningPath.observed(paths, input.epoch());
            double[] weights = rule.weights(state, slot, seen);
            addressed.put(slot, terms(slot, paths, weights, maps, rows));
            for (int k = 0; k < weights.length; k++) {
                if (paths.get(k).number == FEATURES_PATH) {
                    featureWeights.put(slot, weights[k]);
                }
                add(adapters, paths.get(k).parameters, weights[k]);
            }
            next = rule.updated(next, slot, seen, weights, input.learningRate(), setting.optimizer());
        }
        next = TrainedParameter.updated(next, adapters, input.learningRate(), setting.optimizer());
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

    /** Adds {@code factor} times some gradients to a sum of gradients by name. */
    private static void add(SortedMap<String, double[]> sum, SortedMap<String, double[]> gradients, double factor) {
        gradients.forEach((name, gradient) -> sum.merge(
                name,
                PredictionMatrices.scaled(gradient, factor),
                (one, other) -> PredictionMatrices.combined(List.of(one, other), new double[] {1, 1})));
    }

    private List<LearningPath> paths(
            int slot, SortedMap<Integer, double[]> logits, MutualFeatures.Step features, StepInput input) {
        double[] own = logits.getOrDefault(slot, new double[0]);
        List<LearningPath> paths = new ArrayList<>();
        if (rule.weighsLabels()) {
            paths.add(LearningPath.onLabels(LABELS_PATH, input.labels(), own));
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
            paths.add(LearningPath.ofDivergence(ENSEMBLE_PATH, mean, own, rows, temperature));
        }
        Optional.ofNullable(features.features.get(slot))
                .ifPresent(gradient -> paths.add(LearningPath.on(
                        TensorName.FEATURES, FEATURES_PATH, features.losses.getOrDefault(slot, 0.0), gradient)));
        if (withLogits) {
            paths.add(LearningPath.ofSquares(LOGITS_PATH, mean, own));
        }
        logits.forEach((other, theirs) -> {
            if (withPeers && other != slot) {
                paths.add(LearningPath.ofDivergence(PEER_PATHS + other, theirs, own, rows, temperature));
            }
        });
        return paths;
    }

    private List<Term> terms(int slot, List<LearningPath> paths, double[] weights, PublishedMaps maps, int rows) {
        SortedMap<String, Double> figures = new TreeMap<>();
        SortedMap<String, Double> losses = new TreeMap<>();
        SortedMap<String, double[]> atMaps = new TreeMap<>();
        double[] mean = new double[rows * setting.classes()];
        double sum = 0;
        double labels = 1;
        List<Term> terms = new ArrayList<>();
        for (int k = 0; k < weights.length; k++) {
            LearningPath path = paths.get(k);
            figures.put(name(path.number), weights[k]);
            if (path.number == LABELS_PATH) {
                labels = weights[k];
            } else if (path.number >= firstMapPath()) {
                losses.put(name(path.number), path.loss);
                add(atMaps, path.gradients, weights[k]);
            } else if (path.probabilities.isEmpty()) {
                terms.addAll(leafGradients(path, weights[k], rows));
            } else {
                double[] q = path.probabilities.orElseThrow();
                for (int i = 0; i < mean.length; i++) {
                    mean[i] += weights[k] * q[i];
                }
                sum += weights[k];
            }
        }
        if (sum > 0) {
            terms.add(target(PredictionMatrices.scaled(mean, 1 / sum), sum, rows));
        }
        terms.addAll(maps.leafGradients(MAPS, slot, atMaps, setting.wire()));
        figures.put(LABELS, labels);
        if (rule.weighsLabels()) {
            terms.add(0, new Term.CrossEntropy(LABELS, labels - 1));
        }
        terms.add(new Term.Figures(WEIGHTS, figures));
        if (!losses.isEmpty()) {
            terms.add(new Term.Figures(LOSSES, losses));
        }
        return terms;
    }

    private List<Term> leafGradients(LearningPath path, double weight, int rows) {
        List<Term> terms = new ArrayList<>();
        path.gradients.forEach((tensor, gradient) -> terms.add(new Term.LeafGradient(
                name(path.number),
                tensor,
                Tensor.of(setting.wire(), PredictionMatrices.scaled(gradient, weight), rows, gradient.length / rows))));
        return terms;
    }

    private Term target(double[] probabilities, double weight, int rows) {
        return new Term.SoftTarget(
                PEERS,
                Tensor.of(setting.wire(), probabilities, rows, setting.classes()),
                Term.Space.PROBABILITIES,
                Term.Vote.INCLUDED,
                weight,
                temperature);
    }

    /** From the weights of the paths: the ensemble's weight is divided equally among its members. */
    @Override
    public Shares shares(NamedTensors state, StepInput input, TeacherStep teacherStep) {
        List<Integer> slots = Shares.slots(input);
        SortedMap<Integer, SortedMap<Integer, Double>> byStudent = new TreeMap<>();
        teacherStep.addressed().forEach((student, terms) -> {
            SortedMap<Integer, Double> row = new TreeMap<>();
            for (Term term : terms) {
                if (term instanceof Term.Figures figures && figures.name().equals(WEIGHTS)) {
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
