package dev.cohort.coordinator.method;

import dev.cohort.distill.LogitLoss;
import dev.cohort.distill.MutualPairs;
import dev.cohort.distill.maps.AttentionTransfer;
import dev.cohort.distill.maps.AveragePooling;
import dev.cohort.distill.maps.FeatureMap;
import dev.cohort.distill.maps.MapLoss;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** How {@link Pairs} compares one tensor of a peer with that of another, which is a constant. */
enum PairLoss {
    /** {@code (KL(p || q) + KL(q || p)) / 2}, p and q without temperature: the mutual learning of PaddleOCR. */
    DML("dml", "logits"),
    /** {@code T^2 KL(q || p)}, q the other's distribution: the mutual learning of Zhang et al. */
    KL("kl", "logits"),
    /** Mean of the squared differences; of maps of two sizes, the larger is first average-pooled to the smaller. */
    L2("l2", "logits, features and maps"),
    /** Mean of the squared differences of the attentions ({@link AttentionTransfer}), of maps of any width. */
    AT("at", "maps");

    private final String word;
    private final String tensors;

    PairLoss(String word, String tensors) {
        this.word = word;
        this.tensors = tensors;
    }

    /** Of this word in an experiment. */
    static Optional<PairLoss> find(String word) {
        return Arrays.stream(values()).filter(loss -> loss.word.equals(word)).findFirst();
    }

    /** All words, with the tensors they compare. */
    static String words() {
        return String.join(
                ", ",
                Arrays.stream(values())
                        .map(loss -> loss.word + " of " + loss.tensors)
                        .toList());
    }

    boolean compares(String tensor) {
        return switch (this) {
            case DML, KL -> tensor.equals(TensorName.LOGITS);
            case L2 -> true;
            case AT -> TensorName.isMap(tensor);
        };
    }

    /** Whether tensors of two peers must be equally wide, apart from logits, which always are. */
    boolean needsEqualWidth() {
        return this == L2;
    }

    /**
     * A value and its gradient.
     *
     * @param gradient with respect to the own tensor, in its shape
     */
    record Compared(double loss, Tensor gradient) {}

    /**
     * Compares two tensors of one batch.
     *
     * @param own [B, C], [B, D] or [B, C, H, W]
     * @param other of as many dimensions and rows; a constant
     * @param temperature T of {@link #KL}
     */
    Compared of(Tensor own, Tensor other, double temperature) {
        return switch (this) {
            case DML -> mutual(MutualPairs.Form.DIVERGENCE, own, other);
            case KL -> {
                LogitLoss loss = LogitLoss.divergenceFromLogits(other, own, temperature);
                yield new Compared(loss.loss(), loss.gradient());
            }
            case L2 ->
                own.shape().size() == 2
                        ? mutual(MutualPairs.Form.SQUARES, own, other)
                        : pooled(FeatureMap.of(own), FeatureMap.of(other));
            case AT -> {
                MapLoss loss = AttentionTransfer.loss(FeatureMap.of(own), FeatureMap.of(other));
                yield new Compared(loss.loss(), loss.gradient().tensor(DType.FLOAT64));
            }
        };
    }

    private static Compared pooled(FeatureMap own, FeatureMap other) {
        int height = Math.min(own.height(), other.height());
        int width = Math.min(own.width(), other.width());
        FeatureMap smaller = AveragePooling.pool(own, height, width);
        Compared compared = mutual(
                MutualPairs.Form.SQUARES,
                smaller.tensor(DType.FLOAT64),
                AveragePooling.pool(other, height, width).tensor(DType.FLOAT64));
        FeatureMap gradient = AveragePooling.gradient(FeatureMap.of(compared.gradient()), own.height(), own.width());
        return new Compared(compared.loss(), gradient.tensor(DType.FLOAT64));
    }

    private static Compared mutual(MutualPairs.Form form, Tensor own, Tensor other) {
        String name = form.name().toLowerCase(Locale.ROOT);
        MutualPairs.Result result = new MutualPairs(List.of(new MutualPairs.Term(name, form, 1)))
                .of(NamedTensors.of(name, own), List.of(NamedTensors.of(name, other)));
        return new Compared(result.losses().get(0).get(0), result.gradients().get(name));
    }

    @Override
    public String toString() {
        return word;
    }
}
