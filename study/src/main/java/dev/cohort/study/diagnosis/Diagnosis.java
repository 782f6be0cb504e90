package dev.cohort.study.diagnosis;

/**
 * One finding about a run.
 *
 * @param finding what is wrong, in a few words
 * @param evidence the numbers, steps and peers that show it
 * @param setting key of the experiment, or command, that fixes it
 * @param advice what to do with the setting
 */
public record Diagnosis(String finding, Severity severity, String evidence, String setting, String advice) {
    /** How bad it is. */
    public enum Severity {
        /** Worth knowing; the run may be as intended. */
        NOTE,
        /** Costs accuracy or time. */
        WARNING,
        /** The run, or its log, is not what it seems to be. */
        SEVERE
    }
}
