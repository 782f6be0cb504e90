package dev.cohort.study.diagnosis;

import dev.cohort.study.RecordedSteps;
import dev.cohort.study.diagnosis.Diagnosis.Severity;
import java.util.List;

/** Whether students imitate, from the start and in earnest, a teacher that knows nothing yet. */
final class RampUp implements Rule {
    static final long STEPS_MIN = 50;
    /** A teacher this much better than guessing knows something. */
    static final double CHANCE_RATIO = 1.5;
    /** Of the pull of the labels. */
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
        // A single batch may be lucky; the mean of the steps so far is not.
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
                        "in " + blind + " of the first " + steps + " steps the soft targets pull at "
                                + Words.number(pull / blind) + " of the labels, while they have "
                                + Words.percent(teacher / blind) + " of the rows right (chance: "
                                + Words.percent(chance)
                                + ")",
                        "method.ramp_up_epochs",
                        "let the weight of the teacher rise over the first epochs")));
    }
}
