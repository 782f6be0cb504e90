package dev.cohort.study.diagnosis;

import dev.cohort.study.RecordedSteps;
import dev.cohort.study.diagnosis.Diagnosis.Severity;
import dev.cohort.study.view.Words;
import java.util.List;

/** Checks whether the students imitate, from the start and with full weight, a teacher that has not learned anything yet. */
final class RampUp implements Rule {
    static final long STEPS_MIN = 50;
    /** A teacher that is this much better than chance has learned something. */
    static final double CHANCE_RATIO = 1.5;
    /** Relative to the gradient of the labels. */
    static final double PULL_RATIO = 0.5;

    private static final String SUBJECT = "ramp-up";

    private final double chance;
    private long steps;
    private long blind;
    private double teacher;
    private double pull;
    private boolean knows;

    RampUp(int classes) {
        chance = 1.0 / classes;
    }

    @Override
    public void step(RecordedSteps.Step step, StepFigures figures) {
        if (figures.teacherCorrect().isEmpty() || figures.pull().isEmpty() || knows) {
            return;
        }
        steps++;
        StepFigures.Pull pulls = figures.pull().get();
        double correct = figures.teacherCorrect().getAsDouble();
        if (pulls.distillation() > PULL_RATIO * pulls.labels()) {
            blind++;
            teacher += correct;
            pull += pulls.distillation() / Math.max(pulls.labels(), Double.MIN_NORMAL);
        }
        // A mean over the steps so far, since a single batch may be right by chance.
        knows = steps >= STEPS_MIN && (blind == 0 || teacher / blind > CHANCE_RATIO * chance);
    }

    @Override
    public Opinion opinion() {
        if (steps == 0) {
            return Opinion.of(SUBJECT, List.of());
        }
        if (steps < STEPS_MIN) {
            return Opinion.tooShort(SUBJECT, steps, STEPS_MIN);
        }
        if (knows || blind < STEPS_MIN) {
            return Opinion.of(SUBJECT, List.of());
        }
        return Opinion.of(
                SUBJECT,
                List.of(new Diagnosis(
                        "students imitate a teacher that guesses",
                        Severity.WARNING,
                        "in " + blind + " of the first " + steps + " steps the gradient of the soft targets is "
                                + Words.number(pull / blind) + " of that of the labels, while the targets are right on "
                                + Words.percent(teacher / blind) + " of the rows (chance: "
                                + Words.percent(chance)
                                + ")",
                        "method.ramp_up_epochs",
                        "raise the weight of the teacher over the first epochs")));
    }
}
