package dev.cohort.protocol;

/** The topics of a run; on the broker each is called {@code cohort.<run>.<name>}. */
public enum Topic {
    /** {@link Manifest}. */
    RUN("run"),
    /** {@link Batch} and {@link End}, one partition: its order is the order of training. */
    BATCHES("batches"),
    /** {@link TestImages}, in pixel mode only. */
    TEST_BATCHES("test-batches"),
    /** {@link Prediction}; all of one peer are in one partition, so the first one of a step is well defined. */
    PREDICTIONS("predictions"),
    /** {@link Outcome}, one partition: the first outcome of a step counts. */
    OUTCOMES("outcomes"),
    /** {@link Addressed}; one partition per slot, so that a peer downloads its own parts only. */
    ADDRESSED("addressed"),
    /**
     * {@link TensorPiece} of the feature maps that predictions refer to, in the partitions of those predictions. The oldest records
     * are deleted.
     */
    MAPS("maps"),
    /** {@link TensorPiece} of gradients with respect to feature maps; one partition per slot. The oldest records are deleted. */
    GRADIENTS("gradients"),
    /**
     * {@link Heartbeat}, {@link Joining}, {@link Admitted}, {@link Rejection}, {@link StandingChange}, {@link Draining}, {@link
     * Left}.
     */
    MEMBERS("members"),
    /** {@link Command}. */
    CONTROL("control"),
    /** {@link Evaluation}. */
    EVALUATIONS("evaluations"),
    /** {@link Snapshot} of the trained teacher. */
    SNAPSHOTS("snapshots");

    private final String suffix;

    Topic(String suffix) {
        this.suffix = suffix;
    }

    /** Last part of the topic's name on the broker. */
    public String suffix() {
        return suffix;
    }

    /** The topic of {@code message}. */
    public static Topic of(Message message) {
        if (message instanceof Manifest) {
            return RUN;
        } else if (message instanceof Batch || message instanceof End) {
            return BATCHES;
        } else if (message instanceof TestImages) {
            return TEST_BATCHES;
        } else if (message instanceof Prediction) {
            return PREDICTIONS;
        } else if (message instanceof Outcome) {
            return OUTCOMES;
        } else if (message instanceof Addressed) {
            return ADDRESSED;
        } else if (message instanceof TensorPiece piece) {
            return piece.use() == TensorPiece.Use.MAP ? MAPS : GRADIENTS;
        } else if (message instanceof Command) {
            return CONTROL;
        } else if (message instanceof Evaluation) {
            return EVALUATIONS;
        } else if (message instanceof Snapshot) {
            return SNAPSHOTS;
        }
        return MEMBERS;
    }
}
