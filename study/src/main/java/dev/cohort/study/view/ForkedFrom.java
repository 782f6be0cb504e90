package dev.cohort.study.view;

/**
 * The run that a fork left, as it went on without it.
 *
 * @param view of the whole parent
 * @param step last step that both have in common
 */
public record ForkedFrom(RunView view, long step) {
    /** For people. */
    String sentence() {
        return "Forked from run " + view.runId() + " at step " + step + "; without the fork its ensemble came to "
                + Words.percent(view.ensembleAccuracy()) + ".";
    }
}
