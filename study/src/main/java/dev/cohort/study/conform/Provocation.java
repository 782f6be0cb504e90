package dev.cohort.study.conform;

/** Records that {@code cohort conform} writes itself, to see what a peer does. */
public final class Provocation {
    /** Their sender. */
    public static final String SENDER = "conform";

    private Provocation() {}
}
