package dev.cohort.study.diagnosis;

import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.StepReport;
import dev.cohort.study.RecordedSteps;
import dev.cohort.study.diagnosis.Diagnosis.Severity;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Whether the peers learn at all, by their own account of their updates, and use the targets that there are. */
final class Losses implements Rule {
    static final long STEPS_MIN = 100;
    /** Of ln C, the cross-entropy of a guess. */
    static final double CROSS_ENTROPY_MAX = 1.5;

    static final double UNTAUGHT_MAX = 0.05;

    private static final String SUBJECT = "losses";

    private final double guess;
    private long lastTaught;
    private final SortedMap<PeerId, WindowedMeans> accounts = new TreeMap<>();

    Losses(int classes) {
        guess = Math.log(classes);
    }

    @Override
    public void step(RecordedSteps.Step step, StepFigures figures) {
        step.said()
                .forEach((peer, said) -> ((Prediction) said.message())
                        .previous()
                        .ifPresent(report -> accounts.computeIfAbsent(peer, p -> new WindowedMeans(3))
                                .add(report.crossEntropy(), report.distillation(), untaught(report))));
        lastTaught = step.outcome().resolution() instanceof Outcome.Targets ? step.step() : lastTaught;
    }

    /** 1 for an account of the step before that used none of its targets. */
    private double untaught(StepReport report) {
        return report.step() == lastTaught && !report.taught() ? 1 : 0;
    }

    @Override
    public Opinion opinion() {
        long steps =
                accounts.values().stream().mapToLong(WindowedMeans::steps).max().orElse(0);
        if (steps < STEPS_MIN) {
            return Opinion.tooShort(SUBJECT, steps, STEPS_MIN);
        }
        List<Diagnosis> found = new ArrayList<>();
        accounts.forEach((peer, account) -> {
            double crossEntropy = account.mean(0, 0.75, 1).mean();
            if (account.steps() >= STEPS_MIN && !(crossEntropy <= CROSS_ENTROPY_MAX * guess)) {
                found.add(new Diagnosis(
                        "peer " + peer + " is worse than guessing",
                        Severity.SEVERE,
                        "its cross-entropy in the last quarter of " + account.steps() + " steps is "
                                + Words.number(crossEntropy) + ", that of a guess " + Words.number(guess)
                                + "; its distillation loss "
                                + Words.number(account.mean(1, 0.75, 1).mean()),
                        "optimizer.learning_rate, method.weight",
                        "lower the learning rate, or warm it up; see whether the weight of the teacher is too large"));
            }
            double untaught = account.mean(2, 0, 1).mean();
            if (account.steps() >= STEPS_MIN && untaught > UNTAUGHT_MAX) {
                found.add(new Diagnosis(
                        "peer " + peer + " does not use its targets",
                        Severity.WARNING,
                        "in " + Words.percent(untaught) + " of " + account.steps()
                                + " updates it trained on the labels alone while there were targets",
                        "pace.mode",
                        "wait for the targets (pace.mode=strict)"));
            }
        });
        return Opinion.of(SUBJECT, found);
    }
}
