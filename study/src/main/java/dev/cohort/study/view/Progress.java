package dev.cohort.study.view;

import java.util.OptionalLong;

/**
 * How far a run is.
 *
 * @param done steps that every learner has trained that keeps up with the others
 * @param planned steps of the run
 * @param leftMs time until the last step at the pace so far; empty before there is one
 */
record Progress(long done, long planned, OptionalLong leftMs) {
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

    /** 0..1 */
    double share() {
        return planned <= 0 ? 0 : Math.min(1, done / (double) planned);
    }
}
