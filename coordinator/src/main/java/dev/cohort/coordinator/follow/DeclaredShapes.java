package dev.cohort.coordinator.follow;

import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.TensorReference;
import dev.cohort.tensor.DType;
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

    /** The feature maps that the teacher reads, by name. */
    public List<String> maps() {
        return reads.stream().filter(TensorName::isMap).toList();
    }

    /** Bytes of the feature maps of one prediction of any peer, at most. */
    public long mapBytesMax(int rows) {
        long bytes = 0;
        for (List<Ints> slots : setting.maps().bySlot().values()) {
            long numbers = 0;
            for (Ints shape : slots) {
                numbers = Math.max(numbers, (long) shape.get(0) * shape.get(1) * shape.get(2));
            }
            bytes += numbers * rows * DType.FLOAT64.bytes();
        }
        return bytes;
    }

    /** The first tensor that is missing or has another shape; only the logits of an observer are checked. */
    public Optional<String> objection(Prediction prediction, Batch batch, Seated member) {
        Optional<String> tensors =
                objection(prediction.tensors(), batch.rows(), smallTensors(batch.endsEpoch()), member);
        return tensors.isPresent() || member.observer()
                ? tensors
                : maps().stream()
                        .map(name -> objection(prediction, name, batch.rows(), member.slot()))
                        .flatMap(Optional::stream)
                        .findFirst();
    }

    private List<String> smallTensors(boolean withValidation) {
        return reads.stream()
                .filter(n -> !TensorName.isMap(n))
                .filter(n -> withValidation || !n.equals(TensorName.VALIDATION))
                .toList();
    }

    private Optional<String> objection(Prediction prediction, String name, int rows, int slot) {
        Ints row = setting.maps().row(name, slot);
        Ints shape = Ints.of(rows, row.get(0), row.get(1), row.get(2));
        Optional<TensorReference> map = Optional.ofNullable(prediction.maps().get(name));
        return map.filter(m -> m.shape().equals(shape)).isPresent()
                ? Optional.empty()
                : Optional.of(name + " " + map.map(TensorReference::toString).orElse("missing") + ", must be " + shape);
    }

    /** Likewise; no evaluation has feature maps. One without tensors is allowed, but a teacher cannot be evaluated with it. */
    public Optional<String> objection(Evaluation evaluation, Seated member) {
        return evaluation.tensors().asMap().isEmpty()
                ? Optional.empty()
                : objection(evaluation.tensors(), setting.testLabels().size(), smallTensors(false), member);
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
