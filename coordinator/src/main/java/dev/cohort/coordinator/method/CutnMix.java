package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.OwnTeacher;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Online distillation on mixed images, as we read it: a self-ensemble teacher, and mutual learning of features
 * ({@link MutualFeatures}).
 *
 * <pre>
 * L_i = CE(z_i, y) + w T^2 KL(softmax_T(t) || softmax_T(z_i)) + beta/(m-1) sum over j != i of (1/B) sum |n_i - n_j|^2
 * n = f / |f|_2 (projected first where widths differ), n_j and t constant
 * t = mean of the logits of the peers' weight averages   with teacher: ema
 * t = mean of the peers' logits                          with teacher: mean
 * t = z_E = W concat(f) + b, trained by CE(z_E, y)       with teacher: head ({@link FusedHead})
 * </pre>
 *
 * The feature term, and with the head CE(z_E, y), are addressed leaf gradients on the pooled features. Pooled, because feature
 * maps are not aligned when each peer has boxes of its own. A peer that does not contribute gets t alone; with an absent slot, t
 * and the feature term are those of the slots present. The weight averages are of the parameters alone; their batch norm keeps
 * running statistics of its own and normalises with the batch while training, as in Mean Teacher.
 *
 * <p>How images are mixed is {@code mix.kind} of the experiment, whatever the method: {@code mixup}, {@code cutmix} (one box for
 * all peers), {@code cutmix_per_peer} (boxes of each peer's own with equal areas, so that the label is the same for all),
 * {@code cutmix_multi} (n boxes in every image), or {@code none}.
 *
 * <p>Source: Shen, Xu, Yang, Li, Guo, "Mixed Sample Augmentation for Online Distillation" (arXiv 2206.12370). Only its abstract
 * could be read: it names CutMix in online distillation, CutnMix, feature-level mutual learning and a self-ensemble teacher.
 * Which self-ensemble, which distance, every weight and T are ours.
 */
final class CutnMix implements Teacher {
    private static final String TEACHER = "teacher";
    private static final String EMA = "ema";
    private static final String MEAN = "mean";
    private static final String HEAD = "head";
    private static final String BETA = "beta";
    private static final String EMA_DECAY = "ema_decay";

    static final Method METHOD = new Method(
            "cutnmix",
            "our reading: self-ensemble teacher and mutual learning of features; mixing is set by mix.kind",
            "L_i = CE(z_i, y) + w(epoch) T^2 KL(softmax_T(t) || softmax_T(z_i)) + beta/(m-1) sum_{j!=i} |n_i - n_j|^2,"
                    + " n = f/|f|, t = mean of the logits of the peers' weight averages (ema) or of the peers (mean), or of a"
                    + " classifier on all features, trained with the labels (head)",
            "Shen et al., Mixed Sample Augmentation for Online Distillation, arXiv 2206.12370 (abstract only; details are ours)",
            Distillation.parameters(
                    "3.0",
                    new MethodParameter(
                            TEACHER,
                            MethodParameter.Range.oneOf(EMA, MEAN, HEAD),
                            EMA,
                            "ema: mean of the weight averages' logits; mean: of the current logits; head: classifier on"
                                    + " all features"),
                    new MethodParameter(
                            BETA, MethodParameter.Range.FACTOR, "0.1", "factor of the mutual learning of features"),
                    new MethodParameter(
                            EMA_DECAY,
                            MethodParameter.Range.BELOW_ONE,
                            "0.999",
                            "largest decay a of the weight averages, a = min(1 - 1/(t+1), ema_decay) after update t")),
            CutnMix::new);

    private static final String FEATURES = "features";

    private final Distillation distillation;
    private final String kind;
    private final double beta;
    private final double emaDecay;
    private final TeacherSetting setting;
    private final FusedHead head;
    private final MutualFeatures mutual;

    private CutnMix(Arguments arguments, TeacherSetting setting) {
        distillation = Distillation.of(arguments);
        kind = arguments.word(TEACHER);
        beta = arguments.number(BETA);
        emaDecay = arguments.number(EMA_DECAY);
        this.setting = setting;
        head = new FusedHead(setting.featureWidths(), setting.classes());
        mutual = new MutualFeatures(setting.featureWidths());
    }

    @Override
    public List<String> reads() {
        return kind.equals(EMA) ? List.of(TensorName.FEATURES, TensorName.OWN_TEACHER) : List.of(TensorName.FEATURES);
    }

    @Override
    public OwnTeacher ownTeacher() {
        return kind.equals(EMA) ? new OwnTeacher.Average(emaDecay) : new OwnTeacher.None();
    }

    @Override
    public int contributorsMin() {
        return 2;
    }

    @Override
    public NamedTensors initialState() {
        Map<String, Tensor> state = new TreeMap<>();
        mutual.initial(state, setting.seed());
        if (kind.equals(HEAD)) {
            head.initial(state, setting.seed());
        }
        return NamedTensors.of(state);
    }

    @Override
    public NamedTensors renewed(NamedTensors state, int slot) {
        return ResetSlot.named(state, initialState(), slot);
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        Step step = step(state, input);
        int rows = input.labels().rows();
        Term target = new Term.SoftTarget(
                TEACHER,
                Tensor.of(setting.wire(), step.target, rows, setting.classes()),
                Term.Space.LOGITS,
                Term.Vote.INCLUDED,
                distillation.weightAt(input.epoch()),
                distillation.temperature());
        SortedMap<Integer, List<Term>> addressed = new TreeMap<>();
        SortedMap<Integer, Double> weights = new TreeMap<>();
        step.mutual.features.forEach((slot, gradient) -> {
            double[] all = PredictionMatrices.scaled(gradient, beta);
            step.head.ifPresent(of -> {
                double[] ofHead = of.features.getOrDefault(slot, new double[all.length]);
                for (int i = 0; i < all.length; i++) {
                    all[i] += ofHead[i];
                }
            });
            Tensor leaf = Tensor.of(setting.wire(), all, rows, all.length / rows);
            addressed.put(slot, List.of(new Term.LeafGradient(FEATURES, TensorName.FEATURES, leaf)));
            weights.put(slot, beta);
        });
        NamedTensors projected = mutual.updated(state, step.mutual, weights, input.learningRate(), setting.optimizer());
        NamedTensors next = step.head
                .map(of -> head.updated(projected, of, input.learningRate(), setting.optimizer()))
                .orElse(projected);
        return new TeacherStep(1, List.of(target), addressed, next);
    }

    /** One batch: the target, and the losses on features. */
    static final class Step {
        /** t [B, C]. */
        final double[] target;

        final MutualFeatures.Step mutual;
        final Optional<FusedHead.Step> head;

        private Step(double[] target, MutualFeatures.Step mutual, Optional<FusedHead.Step> head) {
            this.target = target;
            this.mutual = mutual;
            this.head = head;
        }
    }

    Step step(NamedTensors state, StepInput input) {
        int rows = input.labels().rows();
        SortedMap<Integer, NamedTensors> tensors = PredictionMatrices.bySlot(input.predictions());
        SortedMap<Integer, double[]> features = PredictionMatrices.features(tensors, rows, setting.featureWidths());
        MutualFeatures.Step learned = mutual.step(state, features, rows);
        if (kind.equals(HEAD)) {
            FusedHead.Step fused = head.step(state, features, input.labels());
            return new Step(fused.logits, learned, Optional.of(fused));
        }
        return new Step(meanLogits(tensors, rows), learned, Optional.empty());
    }

    private double[] meanLogits(SortedMap<Integer, NamedTensors> tensors, int rows) {
        return PredictionMatrices.mean(
                kind.equals(EMA)
                        ? PredictionMatrices.ownTeachers(tensors, rows, setting.classes())
                        : PredictionMatrices.logits(tensors, rows, setting.classes()));
    }

    /** t; empty if a prediction lacks the tensor that t is computed from. */
    @Override
    public Optional<Tensor> evaluate(NamedTensors state, SortedMap<Integer, NamedTensors> predictions) {
        String needed =
                kind.equals(EMA) ? TensorName.OWN_TEACHER : kind.equals(MEAN) ? TensorName.LOGITS : TensorName.FEATURES;
        if (!PredictionMatrices.allHave(predictions, needed)) {
            return Optional.empty();
        }
        int rows = PredictionMatrices.rows(predictions);
        double[] logits = kind.equals(HEAD)
                ? head.logits(state, PredictionMatrices.features(predictions, rows, setting.featureWidths()), rows)
                : meanLogits(predictions, rows);
        return Optional.of(Tensor.of(setting.wire(), logits, rows, setting.classes()));
    }
}
