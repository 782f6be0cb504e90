package dev.cohort.study.view;

/** Format of the output of a command. */
public enum OutputFormat {
    /** Lines for people. */
    text,
    /** One JSON value; for {@code run}, the last line. */
    json
}
