package dev.cohort.cli;

/** How a command reports. */
enum OutputFormat {
    /** For people. */
    text,
    /** One JSON value; for {@code run}, the last line. */
    json
}
