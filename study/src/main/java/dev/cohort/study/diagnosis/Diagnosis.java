package dev.cohort.study.diagnosis;

/**
 * Something that is wrong with a run.
 *
 * @param finding what, in a few words
 * @param evidence the numbers, steps and peers that show it
 * @param setting key of the experiment, or option, that mends it
 * @param advice what to do with it
 */
public record Diagnosis(String finding, Severity severity, String evidence, String setting, String advice) {
    /** How bad it is. */
    public enum Severity {
        /** Worth knowing; the run may be as it was meant to be. */
        NOTE,
        /** Costs accuracy or time. */
        WARNING,
        /** The run, or its log, is not what it seems to be. */
        SEVERE
    }
}
