package dev.cohort.study.diagnosis;

import dev.cohort.study.RecordedSteps;
import dev.cohort.study.diagnosis.Diagnosis.Severity;
import dev.cohort.study.view.Words;
import java.util.List;

/** Checks whether the teacher is worse than its students, on the same training batches. */
final class TeacherQuality implements Rule {
    static final long STEPS_MIN = 40;
    /** Share of the rows; a smaller difference does not matter. */
    static final double WORSE_MIN = 0.01;
    /** Standard errors by which it must be worse. */
    static final double ERRORS_MIN = 3;

    private static final String SUBJECT = "teacher";

    private final WindowedMeans shares = new WindowedMeans(3);

    @Override
    public void step(RecordedSteps.Step step, StepFigures figures) {
        if (figures.teacherCorrect().isPresent() && figures.meanCorrect().isPresent()) {
            double teacher = figures.teacherCorrect().getAsDouble();
            double students = figures.meanCorrect().getAsDouble();
            shares.add(teacher - students, teacher, students);
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
        WindowedMeans.Mean difference = shares.mean(0, 0.5, 1);
        boolean worse = difference.mean() < -WORSE_MIN && difference.mean() < -ERRORS_MIN * difference.error();
        if (!worse) {
            return Opinion.of(SUBJECT, List.of());
        }
        return Opinion.of(
                SUBJECT,
                List.of(new Diagnosis(
                        "the teacher is worse than its students",
                        Severity.WARNING,
                        "over the second half of " + shares.steps() + " steps the soft targets are right on "
                                + Words.percent(shares.mean(1, 0.5, 1).mean()) + " of the rows, the students on "
                                + Words.percent(shares.mean(2, 0.5, 1).mean())
                                + " on average (standard error of the difference: "
                                + Words.percent(difference.error()) + ")",
                        "method.name, method.teacher",
                        "use a better teacher or none: 'cohort replay' with --what-if compares teachers")));
    }
}
