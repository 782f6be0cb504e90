package dev.cohort.protocol;

/** Thrown for a value that readers would refuse: outside {@link Limits}, or invalid for its field. */
public final class Unsayable extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    private final Kind kind;

    Unsayable(Kind kind, String message) {
        super(message);
        this.kind = kind;
    }

    /** What is wrong. */
    public enum Kind {
        /** More or longer than {@link Limits} allow. */
        OVERSIZED,
        /** A tensor of the wrong rank. */
        BAD_TENSOR,
        /** NaN or infinity where a finite number is required. */
        NOT_FINITE,
        /** Outside its range. */
        BAD_VALUE
    }

    public Kind kind() {
        return kind;
    }
}
