package dev.cohort.study.view;

import java.util.OptionalLong;

/**
 * How far a run is.
 *
 * @param done steps that are trained by every learner that keeps up with the others
 * @param planned steps of the run
 * @param leftMs estimated time until the last step; empty before the second step
 */
record Progress(long done, long planned, OptionalLong leftMs) {
    private static final int BAR_WIDTH = 24;

    static Progress of(RunView view, long nowMs) {
        long done = view.learners().stream()
                .filter(PeerView::atTheFront)
                .mapToLong(PeerView::step)
                .min()
                .orElse(view.closedStep());
        long planned = view.stepsPlanned();
        OptionalLong left = OptionalLong.empty();
        if (view.firstOutcomeMs().isPresent() && done > 1) {
            double msPerStep = (nowMs - view.firstOutcomeMs().getAsLong()) / (done - 1.0);
            left = OptionalLong.of(Math.max(0, Math.round(msPerStep * (planned - done))));
        }
        return new Progress(done, planned, left);
    }

    /** A bar of characters of which {@code share}, 0..1, is filled. */
    static String bar(double share) {
        int filled = (int) Math.round(BAR_WIDTH * share);
        return "[" + "#".repeat(filled) + "-".repeat(BAR_WIDTH - filled) + "]";
    }

    /** 0..1 */
    double share() {
        return planned <= 0 ? 0 : Math.min(1, done / (double) planned);
    }
}
