package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.LogitLoss;
import dev.cohort.distill.maps.FeatureMap;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Feature Fusion Learning: a classifier on the feature maps of all peers teaches each of them, and their ensemble teaches it.
 *
 * <pre>
 * z_f = fusion of the last maps F_1 .. F_m ({@link FusionModule}), z_e = (1/m) sum z_i
 * L = sum_i CE(z_i, y) + CE(z_f, y) + w [ sum_i T^2 KL(z_f || z_i) + T^2 KL(z_e || z_f) ]
 * KL(a || b) is that of softmax_T(a) and softmax_T(b); a is a constant
 * dL/dz_f = (softmax(z_f) - y)/B + w (T/B) (softmax_T(z_f) - softmax_T(z_e)), from there into the module and the maps
 * </pre>
 *
 * CE(z_f, y) and the last divergence are not detached: contributor i gets their part in F_i as an addressed leaf gradient, and the
 * coordinator trains the module with the experiment's optimizer.
 *
 * <p>A peer that does not contribute imitates z_f, too. With an absent slot the module uses the slots present, and z_e is the mean
 * of their logits. Evaluations hold logits and no maps, so the teacher that is evaluated is z_e, not z_f; the running statistics
 * of the module's batch norms are kept in its state for whoever runs it on maps.
 *
 * <p>Source: Kim, Hyun, Chung, Kwak, "Feature Fusion for Online Mutual Knowledge Distillation" (arXiv 1904.09058), and its code
 * Jangho-Kim/FFL-pytorch: T = 3, unit weights, ramp-up over 80 epochs, two networks of one width D, which is also that of the
 * fused map. Ours: more than two networks, whose channels lie side by side; other widths, with D that of the widest; other sizes,
 * pooled to the smallest; one optimizer for all (theirs trains the module with weight decay 1e-5); and no 1e-7 on target
 * probabilities.
 */
final class Ffl implements Teacher {
    private static final String FUSED_WIDTH = "fused_width";

    static final Method METHOD = new Method(
            "ffl",
            "every peer imitates a classifier on the fused feature maps of all, which imitates their mean",
            "L_i = CE(z_i, y) + w(epoch) T^2 KL(softmax_T(z_f) || softmax_T(z_i)), shared: CE(z_f, y) + w(epoch) T^2"
                    + " KL(softmax_T(mean of z) || softmax_T(z_f)), z_f = fusion of all last feature maps",
            "Kim et al., Feature Fusion for Online Mutual Knowledge Distillation, arXiv 1904.09058",
            Distillation.parameters(
                    "3.0",
                    new MethodParameter(
                            FUSED_WIDTH,
                            MethodParameter.Range.WIDTH,
                            "0",
                            "D, channels of the fused map; 0 = those of the widest map")),
            (arguments, setting) ->
                    new Ffl(Distillation.of(arguments), Math.toIntExact(arguments.whole(FUSED_WIDTH)), setting));

    private static final String MAP = TensorName.MAP + "last";
    private static final String FUSED = "fused";

    private final Distillation distillation;
    private final int fusedWidth;
    private final TeacherSetting setting;

    private Ffl(Distillation distillation, int fusedWidth, TeacherSetting setting) {
        this.distillation = distillation;
        this.fusedWidth = fusedWidth;
        this.setting = setting;
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
    public NamedTensors initialState() {
        return module().initial(setting.seed());
    }

    @Override
    public NamedTensors renewed(NamedTensors state, int slot) {
        return ResetSlot.named(state, initialState(), slot);
    }

    /** Made when it is used, since a constructor may not look at the shapes of maps. */
    private FusionModule module() {
        Ints channels = Ints.of(IntStream.range(0, setting.slots())
                .map(slot -> setting.maps().row(MAP, slot).get(0))
                .toArray());
        int widest = channels.stream().max().orElse(1);
        return new FusionModule(channels, fusedWidth > 0 ? fusedWidth : widest, setting.classes());
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        Step step = step(state, input);
        return new TeacherStep(
                1,
                List.of(new Term.SoftTarget(
                        FUSED,
                        step.fused().as(setting.wire()),
                        Term.Space.LOGITS,
                        Term.Vote.INCLUDED,
                        distillation.weightAt(input.epoch()),
                        distillation.temperature())),
                addressed(step.gradients()),
                step.pass().updated(state, step.gradients(), input.learningRate(), setting.optimizer()));
    }

    /**
     * Forward and backward pass of one batch.
     *
     * @param fused z_f [B, C]
     * @param loss of the module: CE(z_f, y) + w T^2 KL(z_e || z_f)
     * @param gradients of this loss
     */
    record Step(FusionModule.Pass pass, Tensor fused, double loss, FusionModule.Gradients gradients) {}

    Step step(NamedTensors state, StepInput input) {
        SortedMap<Integer, NamedTensors> tensors = PredictionMatrices.bySlot(input.predictions());
        FusionModule.Pass pass = module().forward(
                        state, PublishedMaps.of(List.of(MAP), input, setting).of(MAP));
        Tensor fused = pass.logits();
        Tensor ensemble = ensemble(tensors, input.labels().rows(), DType.FLOAT64);
        LogitLoss loss = LogitLoss.crossEntropy(input.labels(), fused)
                .plus(
                        LogitLoss.divergenceFromLogits(ensemble, fused, distillation.temperature()),
                        distillation.weightAt(input.epoch()));
        return new Step(pass, fused, loss.loss(), pass.backward(loss.gradient()));
    }

    private SortedMap<Integer, List<Term>> addressed(FusionModule.Gradients gradients) {
        SortedMap<Integer, List<Term>> addressed = new TreeMap<>();
        for (Map.Entry<Integer, FeatureMap> map : gradients.maps().entrySet()) {
            addressed.put(
                    map.getKey(),
                    List.of(new Term.LeafGradient(
                            FUSED, MAP, map.getValue().tensor(PublishedMaps.gradientType(setting.wire())))));
        }
        return addressed;
    }

    /** z_e, the mean of the logits [B, C]. */
    private Tensor ensemble(SortedMap<Integer, NamedTensors> predictions, int rows, DType type) {
        return Tensor.of(
                type,
                PredictionMatrices.mean(PredictionMatrices.logits(predictions, rows, setting.classes())),
                rows,
                setting.classes());
    }

    /** z_e; empty without predictions. */
    @Override
    public Optional<Tensor> evaluate(NamedTensors state, SortedMap<Integer, NamedTensors> predictions) {
        return predictions.isEmpty()
                ? Optional.empty()
                : Optional.of(ensemble(predictions, PredictionMatrices.rows(predictions), setting.wire()));
    }
}
