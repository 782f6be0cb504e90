package dev.cohort.coordinator.follow;

import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * The shapes of all tensors that a teacher reads. They follow from batch, manifest and slot, so tensors of any other shape are
 * rejected before a teacher computes with them.
 */
public final class DeclaredShapes {
    private final CoordinatorSetting setting;
    private final List<String> reads;

    /** @param reads tensors besides the logits that the teacher reads */
    public DeclaredShapes(CoordinatorSetting setting, List<String> reads) {
        this.setting = setting;
        this.reads = List.copyOf(reads);
    }

    /** The first tensor that is missing or has another shape; only the logits of an observer are checked. */
    public Optional<String> objection(Prediction prediction, Batch batch, Seated member) {
        List<String> names = batch.endsEpoch()
                ? reads
                : reads.stream().filter(n -> !n.equals(TensorName.VALIDATION)).toList();
        return objection(prediction.tensors(), batch.rows(), names, member);
    }

    /** Likewise; an evaluation without tensors is allowed, but a teacher cannot be evaluated with it. */
    public Optional<String> objection(Evaluation evaluation, Seated member) {
        List<String> names =
                reads.stream().filter(n -> !n.equals(TensorName.VALIDATION)).toList();
        return evaluation.tensors().asMap().isEmpty()
                ? Optional.empty()
                : objection(evaluation.tensors(), setting.testLabels().size(), names, member);
    }

    private Optional<String> objection(NamedTensors tensors, int rows, List<String> names, Seated member) {
        Optional<String> logits = objection(tensors, TensorName.LOGITS, Ints.of(rows, setting.classes()));
        if (logits.isPresent() || member.observer()) {
            return logits;
        }
        return names.stream()
                .map(name -> objection(tensors, name, shape(name, rows, member.slot())))
                .flatMap(Optional::stream)
                .findFirst();
    }

    private Ints shape(String name, int rows, int slot) {
        return switch (name) {
            case TensorName.FEATURES -> Ints.of(rows, setting.featureWidths().get(slot));
            case TensorName.OWN_TEACHER -> Ints.of(rows, setting.classes());
            case TensorName.VALIDATION -> Ints.of(setting.validationImages(), setting.classes());
            default -> throw new IllegalStateException("no shape is declared for " + name);
        };
    }

    private static Optional<String> objection(NamedTensors tensors, String name, Ints shape) {
        Optional<Tensor> tensor = tensors.find(name);
        return tensor.filter(t -> t.shape().equals(shape)).isPresent()
                ? Optional.empty()
                : Optional.of(name + " " + tensor.map(Tensor::toString).orElse("missing") + ", must be " + shape);
    }
}
