package dev.cohort.study.diagnosis;

import dev.cohort.study.RecordedSteps;
import dev.cohort.study.diagnosis.Diagnosis.Severity;
import dev.cohort.study.view.Words;
import java.util.List;

/**
 * Checks that the gradients of the soft targets and of the labels with respect to the logits are of similar size: a factor T^2
 * that is missing or applied twice, or a wrong weight, shows in their ratio.
 */
final class DistillationScale implements Rule {
    static final long STEPS_MIN = 50;
    /** With a single factor T^2, ratios of 0.2 to 5 are usual. */
    static final double RATIO_MAX = 20;

    static final double RATIO_MIN = 0.02;

    private static final String SUBJECT = "scale of the distillation";

    private final WindowedMeans pulls = new WindowedMeans(2);

    @Override
    public void step(RecordedSteps.Step step, StepFigures figures) {
        figures.pull().ifPresent(pull -> pulls.add(pull.labels(), pull.distillation()));
    }

    @Override
    public Opinion opinion() {
        if (pulls.steps() == 0) {
            return Opinion.of(SUBJECT, List.of());
        }
        if (pulls.steps() < STEPS_MIN) {
            return Opinion.tooShort(SUBJECT, pulls.steps(), STEPS_MIN);
        }
        double labels = pulls.mean(0, 0, 1).mean();
        double targets = pulls.mean(1, 0, 1).mean();
        double ratio = targets / Math.max(labels, Double.MIN_NORMAL);
        String evidence = "gradients with respect to the logits, mean norms over " + pulls.steps() + " steps: labels "
                + Words.number(labels) + ", soft targets " + Words.number(targets) + ", ratio " + Words.number(ratio)
                + " (usual: 0.2 to 5)";
        if (ratio > RATIO_MAX) {
            return Opinion.of(
                    SUBJECT,
                    List.of(new Diagnosis(
                            "the soft targets drown the labels",
                            Severity.WARNING,
                            evidence,
                            "method.weight, method.temperature",
                            "lower the weight, or the temperature: the loss carries the factor T^2")));
        }
        if (ratio < RATIO_MIN) {
            return Opinion.of(
                    SUBJECT,
                    List.of(new Diagnosis(
                            "the soft targets have no weight",
                            Severity.WARNING,
                            evidence,
                            "method.weight",
                            "raise the weight, or train without a teacher (method.name=independent)")));
        }
        return Opinion.of(SUBJECT, List.of());
    }
}
