package dev.cohort.protocol;

/** What no reader would take: a value outside {@link Limits}, or one that makes no sense where it stands. */
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
        /** NaN or infinity where only a number makes sense. */
        NOT_FINITE,
        /** Outside its range. */
        BAD_VALUE
    }

    public Kind kind() {
        return kind;
    }
}
