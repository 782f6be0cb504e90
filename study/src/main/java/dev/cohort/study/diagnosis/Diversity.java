package dev.cohort.study.diagnosis;

import dev.cohort.study.RecordedSteps;
import dev.cohort.study.diagnosis.Diagnosis.Severity;
import java.util.List;

/**
 * Whether the peers still differ where they are wrong. Peers that learn agree more and more, since they are right; so disagreement
 * is measured against the error rate: two peers whose errors have nothing in common disagree on about twice as many rows as each is
 * wrong on.
 */
final class Diversity implements Rule {
    static final long STEPS_MIN = 40;
    static final double RATIO_MIN = 0.1;
    /** With fewer errors there is nothing left to disagree about. */
    static final double ERRORS_MIN = 0.02;

    private static final String SUBJECT = "diversity";

    private final WindowedMeans shares = new WindowedMeans(2);

    @Override
    public void step(RecordedSteps.Step step, StepFigures figures) {
        if (figures.correct().size() > 1) {
            shares.add(figures.disagreement(), 1 - figures.meanCorrect().orElse(1));
        }
    }

    @Override
    public Opinion opinion() {
        if (shares.steps() == 0) {
            return Opinion.of(SUBJECT, List.of());
        }
        if (shares.steps() < STEPS_MIN) {
            return Opinion.tooShort(SUBJECT, shares.steps(), STEPS_MIN);
        }
        double disagreement = shares.mean(0, 0.75, 1).mean();
        double wrong = shares.mean(1, 0.75, 1).mean();
        if (wrong < ERRORS_MIN || disagreement >= RATIO_MIN * wrong) {
            return Opinion.of(SUBJECT, List.of());
        }
        return Opinion.of(
                SUBJECT,
                List.of(
                        new Diagnosis(
                                "the peers say the same, right or wrong",
                                Severity.WARNING,
                                "in the last quarter of " + shares.steps() + " steps two peers disagree on "
                                        + Words.percent(disagreement) + " of the rows and are wrong on "
                                        + Words.percent(wrong)
                                        + "; in the first quarter "
                                        + Words.percent(shares.mean(0, 0, 0.25).mean()) + " and "
                                        + Words.percent(shares.mean(1, 0, 0.25).mean()),
                                "peers[].seed, peers[].model, method.weight, augment.per_peer",
                                "give the peers other seeds or models, weigh the teacher less, or show each peer its own crops")));
    }
}
