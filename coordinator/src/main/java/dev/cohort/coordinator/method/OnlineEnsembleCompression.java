package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.maps.SquaredError;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Students of the same depth and different width imitate the mean of all their logits, and the feature maps of the widest; the
 * narrow ones are deployed.
 *
 * <pre>
 * L_i = a CE(z_i, y) + w T^2 KL(softmax_T(z_E) || softmax_T(z_i)) + h sum over maps of mean (A_i(F_i) - F_W)^2
 * z_E = (1/m) sum z_k and the widest student's map F_W constant, A_i a 1x1 convolution with bias;  a = 0.7, w = h = 0.15
 * </pre>
 *
 * The widest, W, is that of the seats of the experiment whose maps have the most channels in all, the first of several; it gets no
 * hints. While it is absent nobody does. The hints are addressed as leaf gradients of the maps, and their losses, without h, as
 * {@link Term.Figures}. The coordinator trains the convolutions ({@link dev.cohort.distill.maps.HintAdapter}), as the source
 * does: not at all during the first epoch, then with half the students' learning rate. With {@code hints: false} no maps are
 * read and the weights sum to 0.85.
 *
 * <p>Source: Walawalkar, Shen, Savvides, "Online Ensemble Model Compression using Knowledge Distillation", ECCV 2020 (arXiv
 * 2011.07449), and its code Devwalkar/BOC-KD: the weights, T = 2 of its CIFAR-100 configuration, and that there is no
 * cross-entropy of the ensemble. Its student 0 is the widest one, and its maps are the outputs of the three stages of a ResNet.
 * There all students start from one common first convolution; processes share none, so here each has its own ({@code -w80} to
 * {@code -w20} in the names of students). There the optimizer of the students starts afresh, too, when it takes in the
 * convolutions; here it goes on.
 */
final class OnlineEnsembleCompression implements Teacher {
    private static final String LABEL_WEIGHT = "label_weight";
    private static final String HINTS = "hints";
    private static final String HINT_WEIGHT = "hint_weight";
    private static final String MAPS = "maps";
    /** Of the convolutions, by the students'. */
    private static final double RATE = 0.5;

    static final Method METHOD = new Method(
            "online_ensemble_compression",
            "students of several widths imitate the mean of their logits and the feature maps of the widest",
            "L_i = a CE(z_i, y) + w(epoch) T^2 KL(softmax_T(mean of z_k) || softmax_T(z_i)) + h sum over maps of mean"
                    + " (A_i(F_i) - F_W)^2, a = label_weight, h = hint_weight, F_W of the widest, which has no hints, A_i a"
                    + " trained 1x1 convolution with bias",
            "Walawalkar et al., Online Ensemble Model Compression using KD, ECCV 2020, arXiv 2011.07449",
            Distillation.parameters(
                    "2.0",
                    "0.15",
                    new MethodParameter(
                            LABEL_WEIGHT, MethodParameter.Range.FACTOR, "0.7", "factor of the cross-entropy"),
                    new MethodParameter(
                            HINTS,
                            MethodParameter.Range.FLAG,
                            "true",
                            "whether the widest student gives hints; without them no feature maps are published"),
                    new MethodParameter(
                            HINT_WEIGHT, MethodParameter.Range.FACTOR, "0.15", "factor of the hints, without ramp-up"),
                    MapTeacher.maps("stage1,stage2,stage3")),
            OnlineEnsembleCompression::new);

    private static final String TERM = "mean";

    private final Distillation distillation;
    private final double labelWeight;
    private final double hintWeight;
    private final List<String> maps;
    private final TeacherSetting setting;
    private final MapAdapters adapters;
    private final MapLessons hints;

    private OnlineEnsembleCompression(Arguments arguments, TeacherSetting setting) {
        distillation = Distillation.of(arguments);
        labelWeight = arguments.number(LABEL_WEIGHT);
        hintWeight = arguments.number(HINT_WEIGHT);
        maps = arguments.flag(HINTS) ? PublishedMaps.names(arguments.word(MAPS)) : List.of();
        this.setting = setting;
        adapters = new MapAdapters(
                maps, TrainedAdapter.Form.HINT, (student, teacher) -> teacher == widest(), TaughtMaps.WHOLE, setting);
        hints = new MapLessons(maps, SquaredError::ofMaps, adapters, MapLessons.Over.MEAN);
    }

    /** The slot of the widest student. */
    private int widest() {
        int widest = 0;
        for (int slot = 1; slot < setting.seats(); slot++) {
            widest = channels(slot) > channels(widest) ? slot : widest;
        }
        return widest;
    }

    private int channels(int slot) {
        return maps.stream()
                .mapToInt(map -> setting.maps().row(map, slot).get(0))
                .sum();
    }

    @Override
    public List<String> reads() {
        return maps;
    }

    @Override
    public int contributorsMin() {
        return 2;
    }

    @Override
    public NamedTensors initialState() {
        Map<String, Tensor> state = new TreeMap<>();
        adapters.initial(state);
        return NamedTensors.of(state);
    }

    @Override
    public NamedTensors renewed(NamedTensors state, int slot) {
        return adapters.renewed(state, initialState(), slot);
    }

    @Override
    public TeacherStep teach(NamedTensors state, StepInput input) {
        Tensor mean = mean(
                PredictionMatrices.bySlot(input.predictions()), input.labels().rows());
        Term target = new Term.SoftTarget(
                TERM,
                mean,
                Term.Space.LOGITS,
                Term.Vote.INCLUDED,
                distillation.weightAt(input.epoch()),
                distillation.temperature());
        SortedMap<Integer, List<Term>> addressed = new TreeMap<>();
        SortedMap<String, double[]> parameters = new TreeMap<>();
        if (!maps.isEmpty()) {
            PublishedMaps published = PublishedMaps.of(maps, input, setting);
            hints.of(state, published, published).forEach((slot, lesson) -> {
                addressed.put(slot, lesson.terms(HINTS, slot, hintWeight, published, setting.wire()));
                parameters.putAll(lesson.weighedParameters(hintWeight));
            });
        }
        NamedTensors next = input.epoch() > 0
                ? TrainedParameter.updated(state, parameters, RATE * input.learningRate(), setting.optimizer())
                : state;
        return new TeacherStep(labelWeight, List.of(target), addressed, next);
    }

    /** The mean of all logits, for which no maps are needed. */
    @Override
    public Optional<Tensor> evaluate(NamedTensors state, SortedMap<Integer, NamedTensors> predictions) {
        return PredictionMatrices.meanLogits(predictions, setting);
    }

    private Tensor mean(SortedMap<Integer, NamedTensors> predictions, int rows) {
        List<double[]> logits = PredictionMatrices.logits(predictions, rows, setting.classes());
        return Tensor.of(setting.wire(), PredictionMatrices.mean(logits), rows, setting.classes());
    }
}
