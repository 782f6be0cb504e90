package dev.cohort.study.diagnosis;

import dev.cohort.study.RecordedSteps;
import dev.cohort.study.diagnosis.Diagnosis.Severity;
import dev.cohort.study.view.Words;
import java.util.List;

/**
 * Checks that the peers still differ where they are wrong. Peers that learn agree more and more because they are right; so
 * disagreement is measured against the error rate: two peers with independent errors disagree on about twice as many rows as each
 * is wrong on.
 */
final class Diversity implements Rule {
    static final long STEPS_MIN = 40;
    static final double RATIO_MIN = 0.1;
    /** With fewer errors, disagreement says nothing. */
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
                                "the peers predict the same, right or wrong",
                                Severity.WARNING,
                                "in the last quarter of " + shares.steps() + " steps two peers disagree on "
                                        + Words.percent(disagreement) + " of the rows and are wrong on "
                                        + Words.percent(wrong)
                                        + "; in the first quarter "
                                        + Words.percent(shares.mean(0, 0, 0.25).mean()) + " and "
                                        + Words.percent(shares.mean(1, 0, 0.25).mean()),
                                "peers[].seed, peers[].model, method.weight, augment.per_peer",
                                "give the peers different seeds or models, lower the weight of the teacher, or give each peer its own crops")));
    }
}
