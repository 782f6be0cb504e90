package dev.cohort.study.diagnosis;

import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.StepReport;
import dev.cohort.study.RecordedSteps;
import dev.cohort.study.diagnosis.Diagnosis.Severity;
import dev.cohort.study.view.Words;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Checks, by the reports of the peers about their updates, that they learn and use their targets. */
final class Losses implements Rule {
    static final long STEPS_MIN = 100;
    /** As a multiple of ln C, the cross-entropy of a guess. */
    static final double CROSS_ENTROPY_MAX = 1.5;

    static final double UNTAUGHT_MAX = 0.05;

    private static final String SUBJECT = "losses";

    private final double guess;
    private long lastTaught;
    private final SortedMap<PeerId, WindowedMeans> reports = new TreeMap<>();

    Losses(int classes) {
        guess = Math.log(classes);
    }

    @Override
    public void step(RecordedSteps.Step step, StepFigures figures) {
        step.said()
                .forEach((peer, record) -> ((Prediction) record.message())
                        .previous()
                        .ifPresent(report -> reports.computeIfAbsent(peer, p -> new WindowedMeans(3))
                                .add(report.crossEntropy(), report.distillation(), untaught(report))));
        lastTaught = step.outcome().resolution() instanceof Outcome.Targets ? step.step() : lastTaught;
    }

    /** 1 if the update had targets and did not use them. */
    private double untaught(StepReport report) {
        return report.step() == lastTaught && !report.taught() ? 1 : 0;
    }

    @Override
    public Opinion opinion() {
        long steps =
                reports.values().stream().mapToLong(WindowedMeans::steps).max().orElse(0);
        if (steps < STEPS_MIN) {
            return Opinion.tooShort(SUBJECT, steps, STEPS_MIN);
        }
        List<Diagnosis> found = new ArrayList<>();
        reports.forEach((peer, figures) -> {
            double crossEntropy = figures.mean(0, 0.75, 1).mean();
            if (figures.steps() >= STEPS_MIN && !(crossEntropy <= CROSS_ENTROPY_MAX * guess)) {
                found.add(
                        new Diagnosis(
                                "peer " + peer + " is worse than guessing",
                                Severity.SEVERE,
                                "its cross-entropy in the last quarter of " + figures.steps() + " steps is "
                                        + Words.number(crossEntropy) + ", a guess has " + Words.number(guess)
                                        + "; its distillation loss "
                                        + Words.number(figures.mean(1, 0.75, 1).mean()),
                                "optimizer.learning_rate, method.weight",
                                "lower the learning rate, or warm it up; check whether the weight of the teacher is too large"));
            }
            double untaught = figures.mean(2, 0, 1).mean();
            if (figures.steps() >= STEPS_MIN && untaught > UNTAUGHT_MAX) {
                found.add(new Diagnosis(
                        "peer " + peer + " does not use its targets",
                        Severity.WARNING,
                        "in " + Words.percent(untaught) + " of " + figures.steps()
                                + " updates it trained on the labels alone although there were targets",
                        "pace.mode",
                        "wait for the targets (pace.mode=strict)"));
            }
        });
        return Opinion.of(SUBJECT, found);
    }
}
