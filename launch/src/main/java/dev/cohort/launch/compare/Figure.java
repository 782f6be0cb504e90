package dev.cohort.launch.compare;

/** Whose test accuracy. */
public enum Figure {
    /** All learners, averaged. */
    PEERS("peers", "mean of peers"),
    /** The mean of the learners' probabilities. */
    ENSEMBLE("ensemble", "ensemble"),
    /** The method's own teacher, where it can be tested. */
    TEACHER("teacher", "teacher"),
    /** The peer that saw the same batches without a teacher. */
    CONTROL("control", "control");

    private final String key;
    private final String words;

    Figure(String key, String words) {
        this.key = key;
        this.words = words;
    }

    /** In files for programs. */
    public String key() {
        return key;
    }

    /** For people. */
    public String words() {
        return words;
    }
}
