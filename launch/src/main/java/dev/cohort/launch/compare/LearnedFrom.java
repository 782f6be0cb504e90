package dev.cohort.launch.compare;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** What a network has learned from, besides the labels. */
enum LearnedFrom {
    ALONE("single", "independent"),
    FROM_STORED("distilled from stored networks", "kd"),
    FROM_ONE_ANOTHER("distilled from one another", "mean_logit"),
    FROM_ITSELF("self-distilled", "tfkd_self");

    private static final Map<String, LearnedFrom> OTHERS = new TreeMap<>(Map.of(
            "independent", ALONE,
            "kd", FROM_STORED,
            "meal", FROM_STORED,
            "tfkd_self", FROM_ITSELF,
            "mean_teacher", FROM_ITSELF));

    /** Methods without a teacher network or with a deliberately bad one, and methods that change the student network. */
    private static final Map<String, String> LEFT_OUT = new TreeMap<>(Map.of(
            "label_smoothing", "it learns from no network",
            "tfkd_reg", "it learns from no network",
            "reversed_kd", "its teacher is meant to be bad",
            "defective_kd", "its teacher is meant to be bad",
            "one_shared_trunk", "its students are networks with branches",
            "adaptive", "its students are networks with branches"));

    private final String words;
    private final String example;

    LearnedFrom(String words, String example) {
        this.words = words;
        this.example = example;
    }

    /** For people. */
    String words() {
        return words;
    }

    /** A method that learns in this way. */
    String example() {
        return example;
    }

    /** How the students of a method learn; empty for a method that the table leaves out. */
    static Optional<LearnedFrom> by(String method) {
        return LEFT_OUT.containsKey(method)
                ? Optional.empty()
                : Optional.of(OTHERS.getOrDefault(method, FROM_ONE_ANOTHER));
    }

    /** Why the table leaves a method out. */
    static String whyNot(String method) {
        return LEFT_OUT.getOrDefault(method, "");
    }
}
