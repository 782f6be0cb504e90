package dev.cohort.distill.maps;

import java.util.Locale;
import java.util.OptionalInt;

/**
 * One way from a teacher to a student: a loss, on all stages together or on one stage of its own.
 *
 * @param kind of loss
 * @param stage from 0; absent: the sum over all stages
 */
public record AdaptivePath(Kind kind, OptionalInt stage) {
    /** The losses of adaptive distillation. */
    public enum Kind {
        /** Gram matrices of maps behind the adapters ({@link NeuronSelectivity#gramLoss}). */
        NST,
        /** Squares of logits. */
        LOGITS,
        /** Attention of maps before the adapters ({@link AttentionTransfer}). */
        ATTENTION_TRANSFER,
        /** Softened distributions. */
        SOFT_TARGET,
        /** Pooled maps behind the adapters ({@link SquaredError#ofPooled}). */
        FEATURE_MAP,
        /** The last map behind its adapter, judged by the teacher's head ({@link TeacherHead}). */
        SOFTMAX_REGRESSION;

        boolean hasStages() {
            return this == NST || this == ATTENTION_TRANSFER || this == FEATURE_MAP;
        }
    }

    public AdaptivePath {
        if (stage.isPresent() && (stage.getAsInt() < 0 || !kind.hasStages())) {
            throw new IllegalArgumentException(
                    "path " + word(kind, stage) + ": must be a path on maps to have a stage, and the stage from 0");
        }
    }

    /**
     * The path of a word: the kind in lower case, and for one stage alone a colon and its number, as in {@code nst:0}.
     *
     * @throws IllegalArgumentException when there is no such kind, or the kind has no stages
     */
    public static AdaptivePath of(String word) {
        int colon = word.indexOf(':');
        String kind = colon < 0 ? word : word.substring(0, colon);
        for (Kind one : Kind.values()) {
            if (kind.equals(one.name().toLowerCase(Locale.ROOT))) {
                return new AdaptivePath(one, colon < 0 ? OptionalInt.empty() : OptionalInt.of(number(word, colon + 1)));
            }
        }
        throw new IllegalArgumentException("path " + word + ": must be one of nst, logits, attention_transfer,"
                + " soft_target, feature_map, softmax_regression");
    }

    /** The word of this path, as {@link #of} reads it. */
    public String word() {
        return word(kind, stage);
    }

    private static String word(Kind kind, OptionalInt stage) {
        String word = kind.name().toLowerCase(Locale.ROOT);
        return stage.isPresent() ? word + ":" + stage.getAsInt() : word;
    }

    private static int number(String word, int start) {
        String digits = word.substring(start);
        if (!digits.matches("[0-9]{1,4}")) {
            throw new IllegalArgumentException("path " + word + ": its stage must be a number from 0");
        }
        return Integer.parseInt(digits);
    }

    boolean includes(int index) {
        return stage.isEmpty() || stage.getAsInt() == index;
    }
}
