package dev.cohort.protocol;

/** Names of the tensors that travel in {@link Prediction} and {@link Snapshot}. */
public final class TensorName {
    /** Logits [B, C], always published. */
    public static final String LOGITS = "logits";
    /** Pooled features [B, D], published when the method reads them. */
    public static final String FEATURES = "features";

    /** Logits [B, C] of the peer's own teacher, such as the average of its weights; published when the method reads them. */
    public static final String OWN_TEACHER = "own_teacher";
    /**
     * Logits [V, C] on the validation images, published with the last batch of each epoch when the method reads them.
     */
    public static final String VALIDATION = "validation";

    /**
     * [B, m (C + 1)] of a student of m branches: the logits of each branch, then the gates, a row of which sums to 1. Never
     * published: what a student's branches teach each other stays in it.
     */
    public static final String BRANCHES = "branches";

    /** Before the names of a student's weights, where a student hands them over for others to run ({@link Term.Copies}). */
    public static final String WEIGHTS = "weights/";

    private TensorName() {}
}
