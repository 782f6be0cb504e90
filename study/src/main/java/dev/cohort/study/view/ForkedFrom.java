package dev.cohort.study.view;

/**
 * The parent of a forked run, as it continued without the fork.
 *
 * @param view of the whole parent
 * @param step last step that both runs share
 */
public record ForkedFrom(RunView view, long step) {
    String sentence() {
        return "Forked from run " + view.runId() + " at step " + step + "; without the fork its ensemble reached "
                + Words.percent(view.ensembleAccuracy()) + ".";
    }
}
