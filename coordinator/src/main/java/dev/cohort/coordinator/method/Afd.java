package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Shares;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.maps.Adapter;
import dev.cohort.distill.maps.AdversarialPeer;
import dev.cohort.distill.maps.AveragePooling;
import dev.cohort.distill.maps.FeatureMap;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.UpdateRule;
import dev.cohort.experiment.WeightUpdate;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Adversarial feature-map distillation: every peer imitates the logits of the peer before it in a ring, and learns feature maps that
 * its discriminator cannot tell from those of that peer.
 *
 * <pre>
 * L_i = CE(z_i, y) + w T^2 KL(softmax_T(z_j) || softmax_T(z_i)) + v L_G,i,    X_i = T_i(F_i), j = i - 1 mod m
 * L_G,i = mean (1 - D_i(X_i))^2                            into F_i and T_i, D_i constant
 * L_D,i = mean (1 - D_i(X_j))^2 + mean D_i(X_i)^2          into D_i alone, its own map fake, the other's real
 * </pre>
 *
 * F_i is the last feature map, T_i a transfer layer to the width of the narrowest slot, a 1x1 convolution without bias and a batch
 * norm where widths differ ({@link AdversarialPeer}), D_i a discriminator ({@link dev.cohort.distill.maps.MapDiscriminator}). i and j
 * count the contributors to the step, in the order of their slots: a ring of two is a pair, and one who is missing is left out of the
 * ring. A contributor gets v dL_G/dF_i as an addressed leaf gradient, and its losses as {@link Term.Figures}. The coordinator trains
 * T_i by L_G,i and D_i by L_D,i. A peer that does not contribute learns from the labels alone.
 *
 * <p>All gradients are taken at one point, as are those of the golden files: a student adds those of both parts in one update, and
 * T_i and D_i are updated at the same time. The paper applies the logit part first, then the feature part, by optimizers of their
 * own, the second one slower. Here a student has one optimizer, for which {@code feature_weight} v is the ratio of the two learning
 * rates; what the coordinator trains has an optimizer of its own: Adam with {@code feature_learning_rate}, which follows the schedule
 * of the students' learning rate.
 *
 * <p>Source: Chung, Park, Kim, Kwak, "Feature-map-level Online Adversarial Knowledge Distillation", ICML 2020 (arXiv 2002.01775):
 * losses, T = 3, the one-way ring. Layers of the discriminator and Adam at 2e-5 are those of the only implementation known, which is
 * not the authors'. Ours: v; E = D; that the predecessor teaches the logits, too, in a ring of more than two; transfer layers trained
 * by their owners alone; and that maps of different sizes are first average-pooled to the least height and width of all slots.
 */
final class Afd implements Teacher {
    private static final String FEATURE_WEIGHT = "feature_weight";
    private static final String FEATURE_LEARNING_RATE = "feature_learning_rate";
    private static final String DISCRIMINATOR_WIDTH = "discriminator_width";

    static final Method METHOD = new Method(
            "afd",
            "every peer imitates the logits of the one before it in a ring, and makes its feature maps pass for those of that one",
            "L_i = CE(z_i, y) + w(epoch) T^2 KL(softmax_T(z_j) || softmax_T(z_i)) + feature_weight mean (1 - D_i(T_i(F_i)))^2, j = i-1"
                    + " in the ring; D_i: mean (1 - D_i(T_j(F_j)))^2 + mean D_i(T_i(F_i))^2",
            "Chung et al., Feature-map-level Online Adversarial Knowledge Distillation, ICML 2020, arXiv 2002.01775; layers of the"
                    + " discriminator and learning rates are not the paper's",
            Distillation.parameters(
                    "3.0",
                    new MethodParameter(
                            FEATURE_WEIGHT,
                            MethodParameter.Range.FACTOR,
                            "0.1",
                            "factor of the feature part for the students: its learning rate, as a share of that of the logit part;"
                                    + " the paper has a slower one, its figure is not known"),
                    new MethodParameter(
                            FEATURE_LEARNING_RATE,
                            MethodParameter.Range.NOT_NEGATIVE,
                            "0.00002",
                            "first learning rate of Adam for transfer layers and discriminators, which follows the students' schedule;"
                                    + " default as in the only implementation known, not the authors'"),
                    new MethodParameter(
                            DISCRIMINATOR_WIDTH,
                            MethodParameter.Range.WIDTH,
                            "0",
                            "E, channels between the convolutions of a discriminator; 0 = those of the narrowest map")),
            Afd::new);

    private static final String MAP = TensorName.MAP + "last";
    private static final String PREDECESSOR = "predecessor";
    private static final String ADVERSARY = "adversary";

    private final Distillation distillation;
    private final double featureWeight;
    private final double featureLearningRate;
    private final TeacherSetting setting;
    private final Adversaries adversaries;

    private Afd(Arguments arguments, TeacherSetting setting) {
        distillation = Distillation.of(arguments);
        featureWeight = arguments.number(FEATURE_WEIGHT);
        featureLearningRate = arguments.number(FEATURE_LEARNING_RATE);
        this.setting = setting;
        adversaries = new Adversaries(MAP, Math.toIntExact(arguments.whole(DISCRIMINATOR_WIDTH)), setting);
    }

    @Override
    public List<String> reads() {
        return List.of(MAP);
    }

    @Override
    public int contributorsMin() {
        return 2;
    }

    @Override
    public void requireTeachable(List<PeerId> contributors) {
        for (int slot = 0; slot < contributors.size(); slot++) {
            Ints row = setting.maps().row(MAP, slot);
            if (Math.min(row.get(1), row.get(2)) < Adversaries.SIZE_MIN) {
                throw new IllegalArgumentException(MAP + " of peer "
                        + contributors.get(slot).value() + " of shape " + row
                        + ": must have height and width of at least "
                        + Adversaries.SIZE_MIN + " for the discriminators of method " + METHOD.name());
            }
        }
    }

    @Override
    public NamedTensors initialState() {
        Map<String, Tensor> state = new TreeMap<>();
        adversaries.initial(state);
        return NamedTensors.of(state);
    }

    @Override
    public NamedTensors renewed(NamedTensors state, int slot) {
        return adversaries.renewed(state, initialState(), slot);
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        SortedMap<Integer, List<Term>> addressed = new TreeMap<>();
        SortedMap<String, double[]> parameters = new TreeMap<>();
        PublishedMaps published = PublishedMaps.of(reads(), input, setting);
        SortedMap<Integer, AdversarialPeer.Step> steps = steps(state, published);
        for (PeerPrediction student : input.predictions()) {
            AdversarialPeer.Step step = of(steps, student.slot());
            addressed.put(student.slot(), terms(student.slot(), step, published, input));
            parameters.putAll(adversaries.named(student.slot(), step));
        }
        double rate =
                featureLearningRate * input.learningRate() / setting.optimizer().learningRate();
        return new TeacherStep(1, List.of(), addressed, TrainedParameter.updated(state, parameters, rate, optimizer()));
    }

    /** By slot; {@link AdversarialPeer.Step#map} is the gradient of L_G,i at the map in the common size. */
    SortedMap<Integer, AdversarialPeer.Step> steps(NamedTensors state, PublishedMaps published) {
        // No peer needs more of another than X, so they are computed side by side, each by one thread.
        SortedMap<Integer, Adapter.Pass> passes = new TreeMap<>();
        for (int slot : published.slots()) {
            FeatureMap map = adversaries.sized(published.map(slot, MAP));
            passes.put(slot, adversaries.peer(state, slot).publish(map));
        }
        return published.slots().parallelStream()
                .collect(
                        TreeMap::new,
                        (steps, slot) -> steps.put(
                                slot,
                                adversaries
                                        .peer(state, slot)
                                        .learn(
                                                of(passes, slot),
                                                of(passes, teacherOf(slot, published.slots()))
                                                        .output())),
                        Map::putAll);
    }

    private static <T> T of(SortedMap<Integer, T> bySlot, int slot) {
        return Optional.ofNullable(bySlot.get(slot))
                .orElseThrow(() -> new IllegalArgumentException("no slot " + slot + ": there are " + bySlot.keySet()));
    }

    /** The slot of the predecessor among {@code present}. */
    private static int teacherOf(int slot, List<Integer> present) {
        return present.get(AdversarialPeer.teacherOf(present.indexOf(slot), present.size()));
    }

    private List<Term> terms(int slot, AdversarialPeer.Step step, PublishedMaps published, StepInput input) {
        FeatureMap own = published.map(slot, MAP);
        double[] gradient = PredictionMatrices.scaled(
                AveragePooling.gradient(step.map(), own.height(), own.width()).toDoubles(), featureWeight);
        int teacher = teacherOf(slot, published.slots());
        double[] logits = PredictionMatrices.matrix(
                teacher,
                of(PredictionMatrices.bySlot(input.predictions()), teacher),
                TensorName.LOGITS,
                input.labels().rows(),
                setting.classes());
        return List.of(
                new Term.SoftTarget(
                        PREDECESSOR,
                        Tensor.of(setting.wire(), logits, input.labels().rows(), setting.classes()),
                        Term.Space.LOGITS,
                        Term.Vote.INCLUDED,
                        distillation.weightAt(input.epoch()),
                        distillation.temperature()),
                published
                        .leafGradients(ADVERSARY, slot, new TreeMap<>(Map.of(MAP, gradient)), setting.wire())
                        .get(0),
                new Term.Figures(
                        ADVERSARY,
                        new TreeMap<>(Map.of(
                                "network",
                                step.loss(),
                                "discriminator",
                                step.discriminator().loss(),
                                "real",
                                mean(step.discriminator().ofTeacher()),
                                "fake",
                                mean(step.discriminator().ofOwn())))));
    }

    private static double mean(FeatureMap outputs) {
        return Arrays.stream(outputs.toDoubles()).average().orElse(0);
    }

    /** Adam, without weight decay, of what the coordinator trains. */
    private Experiment.Optimizer optimizer() {
        return new Experiment.Optimizer(
                featureLearningRate,
                setting.optimizer().schedule(),
                new WeightUpdate(
                        new UpdateRule.AdamW(0.9, 0.999, 1e-8), 0, OptionalDouble.empty(), OptionalDouble.empty()));
    }

    /** Each peer learns from its predecessor. */
    @Override
    public Shares shares(NamedTensors state, StepInput input, TeacherStep teacherStep) {
        List<Integer> slots = Shares.slots(input);
        SortedMap<Integer, SortedMap<Integer, Double>> byStudent = new TreeMap<>();
        slots.forEach(slot -> byStudent.put(slot, new TreeMap<>(Map.of(teacherOf(slot, slots), 1.0))));
        return new Shares(false, byStudent);
    }

    /** The mean of all logits, for which no maps are needed. */
    @Override
    public Optional<Tensor> evaluate(NamedTensors state, SortedMap<Integer, NamedTensors> predictions) {
        return PredictionMatrices.meanLogits(predictions, setting);
    }
}
