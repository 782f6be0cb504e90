package dev.cohort.study;

import dev.cohort.coordinator.teacher.Shares;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.runtime.RecordedLog;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Figures of consecutive steps of a run: which peer taught which, how stale the contributors' weights were, and which peers were
 * late.
 *
 * @param fromStep first step with an outcome
 * @param toStep last step with an outcome
 * @param taught number of steps with targets
 * @param skipped number of steps without targets, by reason
 * @param shares mean share of each teacher in the targets of each student, over the steps in which the student had a teacher; an
 *     absent teacher counts 0
 * @param paces of every contributor
 */
public record StepWindow(
        long fromStep,
        long toStep,
        long taught,
        SortedMap<Outcome.SkipReason, Long> skipped,
        SortedMap<String, SortedMap<String, Double>> shares,
        SortedMap<String, Pace> paces) {
    /**
     * How a contributor kept up.
     *
     * @param steps whose outcome was computed from its prediction
     * @param stalenessMean updates that the weights of its predictions lacked: step - 1 - version
     * @param lagMeanMs from the first prediction of the step to its prediction, by the broker's clock
     * @param lastSteps steps in which its prediction was the last of several
     */
    public record Pace(
            long steps, double stalenessMean, long stalenessMax, double lagMeanMs, long lagMaxMs, long lastSteps) {}

    /** Sums up steps. One thread. */
    static final class Sum {
        private long fromStep;
        private long toStep;
        private long taught;
        private final SortedMap<Outcome.SkipReason, Long> skipped = new TreeMap<>();
        private final SortedMap<String, SortedMap<String, Double>> shares = new TreeMap<>();
        private final SortedMap<String, Long> students = new TreeMap<>();
        private final SortedMap<String, Keeping> paces = new TreeMap<>();

        private static final class Keeping {
            long steps;
            long staleness;
            long stalenessMax;
            long lagMs;
            long lagMaxMs;
            long last;

            Pace pace() {
                return new Pace(
                        steps, (double) staleness / steps, stalenessMax, (double) lagMs / steps, lagMaxMs, last);
            }
        }

        boolean empty() {
            return toStep == 0;
        }

        void add(RecordedSteps.Step step, Optional<Shares> ofStep) {
            fromStep = fromStep == 0 ? step.step() : fromStep;
            toStep = step.step();
            if (step.outcome().resolution() instanceof Outcome.Skipped reason) {
                skipped.merge(reason.reason(), 1L, Long::sum);
            } else {
                taught++;
            }
            pace(step);
            SortedMap<Integer, String> names = new TreeMap<>();
            step.outcome()
                    .contributors()
                    .forEach(c -> names.put(c.slot(), c.peer().value()));
            ofStep.ifPresent(known -> known.byStudent().forEach((student, row) -> {
                String name = names.getOrDefault(student, "slot " + student);
                students.merge(name, 1L, Long::sum);
                SortedMap<String, Double> sums = shares.computeIfAbsent(name, s -> new TreeMap<>());
                row.forEach((teacher, share) ->
                        sums.merge(names.getOrDefault(teacher, "slot " + teacher), share, Double::sum));
            }));
        }

        private void pace(RecordedSteps.Step step) {
            long firstMs = Long.MAX_VALUE;
            long lastMs = Long.MIN_VALUE;
            for (RecordedLog.Said record : step.said().values()) {
                firstMs = Math.min(firstMs, record.appendedMs());
                lastMs = Math.max(lastMs, record.appendedMs());
            }
            for (Outcome.Contributor contributor : step.outcome().contributors()) {
                Keeping keeping = paces.computeIfAbsent(contributor.peer().value(), p -> new Keeping());
                long staleness = step.step() - 1 - contributor.version();
                keeping.steps++;
                keeping.staleness += staleness;
                keeping.stalenessMax = Math.max(keeping.stalenessMax, staleness);
                Optional<RecordedLog.Said> record = record(step, contributor.peer());
                if (record.isPresent()) {
                    long lagMs = record.get().appendedMs() - firstMs;
                    keeping.lagMs += lagMs;
                    keeping.lagMaxMs = Math.max(keeping.lagMaxMs, lagMs);
                    keeping.last += lastMs > firstMs && record.get().appendedMs() == lastMs ? 1 : 0;
                }
            }
        }

        private static Optional<RecordedLog.Said> record(RecordedSteps.Step step, PeerId peer) {
            return Optional.ofNullable(step.said().get(peer));
        }

        StepWindow done() {
            SortedMap<String, SortedMap<String, Double>> means = new TreeMap<>();
            shares.forEach((student, row) -> {
                SortedMap<String, Double> mean = new TreeMap<>();
                long steps = students.getOrDefault(student, 1L);
                row.forEach((teacher, sum) -> mean.put(teacher, sum / steps));
                means.put(student, Collections.unmodifiableSortedMap(mean));
            });
            SortedMap<String, Pace> kept = new TreeMap<>();
            paces.forEach((peer, keeping) -> kept.put(peer, keeping.pace()));
            return new StepWindow(
                    fromStep,
                    toStep,
                    taught,
                    Collections.unmodifiableSortedMap(new TreeMap<>(skipped)),
                    Collections.unmodifiableSortedMap(means),
                    Collections.unmodifiableSortedMap(kept));
        }
    }
}
