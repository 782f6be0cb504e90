package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Students of the same depth and different width imitate the mean of all their logits; the narrow ones are deployed.
 *
 * <pre>
 * L_i = a CE(z_i, y) + w T^2 KL(softmax_T(z_E) || softmax_T(z_i)),  z_E = (1/m) sum z_k, constant;  a = 0.7, w = 0.15
 * </pre>
 *
 * Source: Walawalkar, Shen, Savvides, "Online Ensemble Model Compression using Knowledge Distillation", ECCV 2020 (arXiv
 * 2011.07449), and its code Devwalkar/BOC-KD: the weights, T = 2 of its CIFAR-100 configuration, and that there is no
 * cross-entropy of the ensemble. This is the logit part: the third term, 0.15 times the distance of block-wise feature maps from
 * those of the widest student, is left out, so the weights sum to 0.85. There all students start from one common first
 * convolution; processes share none, so here each has its own ({@code -w80} to {@code -w20} in the names of students).
 */
final class OnlineEnsembleCompression implements Teacher {
    private static final String LABEL_WEIGHT = "label_weight";

    static final Method METHOD = new Method(
            "online_ensemble_compression",
            "students of several widths imitate the mean of their logits",
            "L_i = a CE(z_i, y) + w(epoch) T^2 KL(softmax_T(mean of z_k) || softmax_T(z_i)), a = label_weight",
            "Walawalkar et al., Online Ensemble Model Compression using KD (logit part), ECCV 2020, arXiv 2011.07449",
            Distillation.parameters(
                    "2.0",
                    "0.15",
                    new MethodParameter(
                            LABEL_WEIGHT, MethodParameter.Range.FACTOR, "0.7", "factor of the cross-entropy")),
            (arguments, setting) ->
                    new OnlineEnsembleCompression(Distillation.of(arguments), arguments.number(LABEL_WEIGHT), setting));

    private static final String TERM = "mean";

    private final Distillation distillation;
    private final double labelWeight;
    private final TeacherSetting setting;

    private OnlineEnsembleCompression(Distillation distillation, double labelWeight, TeacherSetting setting) {
        this.distillation = distillation;
        this.labelWeight = labelWeight;
        this.setting = setting;
    }

    @Override
    public int contributorsMin() {
        return 2;
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
        return new TeacherStep(labelWeight, List.of(target), new TreeMap<>(), state);
    }

    @Override
    public Optional<Tensor> evaluate(NamedTensors state, SortedMap<Integer, NamedTensors> predictions) {
        return predictions.isEmpty()
                ? Optional.empty()
                : Optional.of(mean(predictions, PredictionMatrices.rows(predictions)));
    }

    private Tensor mean(SortedMap<Integer, NamedTensors> predictions, int rows) {
        List<double[]> logits = PredictionMatrices.logits(predictions, rows, setting.classes());
        return Tensor.of(setting.wire(), PredictionMatrices.mean(logits), rows, setting.classes());
    }
}
