package dev.cohort.protocol;

/** Names of tensors in {@link Prediction} and {@link Evaluation}, and of a network's outputs. */
public final class TensorName {
    /** Logits [B, C], always published. */
    public static final String LOGITS = "logits";
    /** Pooled features [B, D], published when the method reads them. */
    public static final String FEATURES = "features";

    /**
     * Prefix of the names of feature maps [B, C, H, W], the outputs of a network's stages: {@code map/stage1}, {@code map/last}.
     */
    public static final String MAP = "map/";

    /** Logits [B, C] of the peer's own teacher, such as the average of its weights; published when the method reads them. */
    public static final String OWN_TEACHER = "own_teacher";
    /** Logits [V, C] on the validation images, published with the last batch of each epoch when the method reads them. */
    public static final String VALIDATION = "validation";

    /**
     * Outputs [B, m (C + 1)] of a student of m branches: the logits of each branch, then the gates; each row of gates sums to 1.
     * Never published: only the student itself uses them.
     */
    public static final String BRANCHES = "branches";

    /** Prefix of the names of a student's weights, published for others to run ({@link Term.Copies}). */
    public static final String WEIGHTS = "weights/";

    private TensorName() {}

    /** Whether {@code name} is that of a feature map. */
    public static boolean isMap(String name) {
        return name.startsWith(MAP);
    }
}
