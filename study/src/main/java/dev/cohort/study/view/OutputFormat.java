package dev.cohort.study.view;

/** How a command reports. */
public enum OutputFormat {
    /** For people. */
    text,
    /** One JSON value; for {@code run}, the last line. */
    json
}
