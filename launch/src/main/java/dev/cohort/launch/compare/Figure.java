package dev.cohort.launch.compare;

/** The reported test accuracies. */
public enum Figure {
    /** Mean over all learners. */
    PEERS("peers", "mean of peers"),
    /** The mean of the learners' probabilities. */
    ENSEMBLE("ensemble", "ensemble"),
    /** The method's own teacher, if it can be tested. */
    TEACHER("teacher", "teacher"),
    /** The peer that trains on the same batches without a teacher. */
    CONTROL("control", "control");

    private final String key;
    private final String words;

    Figure(String key, String words) {
        this.key = key;
        this.words = words;
    }

    /** Key in files for programs. */
    public String key() {
        return key;
    }

    /** For people. */
    public String words() {
        return words;
    }
}
