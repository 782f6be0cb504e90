package dev.cohort.launch.compare;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** From whom a network has learned, besides the labels. */
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

    /** Methods without a network for a teacher or with a bad one, and those that make another network of the student. */
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

    /** How the students of a method learn; empty for one that has no place in the table. */
    static Optional<LearnedFrom> by(String method) {
        return LEFT_OUT.containsKey(method)
                ? Optional.empty()
                : Optional.of(OTHERS.getOrDefault(method, FROM_ONE_ANOTHER));
    }

    /** Why a method has no place in the table. */
    static String whyNot(String method) {
        return LEFT_OUT.getOrDefault(method, "");
    }
}
