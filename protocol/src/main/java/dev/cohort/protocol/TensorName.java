package dev.cohort.protocol;

/** Names of the tensors that travel in {@link Prediction} and {@link Snapshot}. */
public final class TensorName {
    /** Logits [B, C], always published. */
    public static final String LOGITS = "logits";
    /** Pooled features [B, D], published when the method reads them. */
    public static final String FEATURES = "features";

    private TensorName() {}
}
