package dev.cohort.study.diagnosis;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.study.RecordedSteps;
import dev.cohort.study.StudiedSteps;
import dev.cohort.study.TeachingHistory;
import dev.cohort.study.diagnosis.Diagnosis.Severity;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.LongConsumer;
import java.util.function.LongToDoubleFunction;

/** Diagnoses a run from its log, finished or not, in several passes over the log and in constant memory. */
public final class Checkup {
    private static final int RANGES_SHOWN = 3;

    private final RecordedLog log;
    private final Divergences divergences = new Divergences();
    private final List<Rule> rules;
    private final List<RecordedLog.Unreadable> unreadable = new ArrayList<>();
    private final SortedMap<String, Long> refused = new TreeMap<>();

    /**
     * The result.
     *
     * @param opinions of all rules
     * @param steps that are complete in the log
     */
    public record Report(List<Opinion> opinions, StudiedSteps steps) {
        public Report {
            opinions = List.copyOf(opinions);
        }

        /** All findings, the most severe first. */
        public List<Diagnosis> found() {
            return opinions.stream()
                    .flatMap(opinion -> opinion.found().stream())
                    .sorted(Comparator.comparing(Diagnosis::severity).reversed())
                    .toList();
        }

        /** Whether no finding is severe. */
        public boolean healthy() {
            return found().stream().noneMatch(d -> d.severity() == Severity.SEVERE);
        }
    }

    /**
     * @param classes number of classes
     * @param contributors that the experiment names
     * @param cores of the machine on which all peers run; empty if unknown
     */
    public Checkup(RecordedLog log, int classes, Collection<PeerId> contributors, OptionalInt cores) {
        this.log = log;
        rules = List.of(
                divergences,
                new RejectedPredictions(),
                new Participation(contributors),
                new MembershipChanges(),
                new Losses(classes),
                new DistillationScale(),
                new RampUp(classes),
                new TeacherQuality(),
                new Diversity(),
                new Staleness(),
                new DataOrder(classes),
                new Pace(cores));
    }

    /**
     * Reads the log.
     *
     * @param teacher of the run, untrained; its weights of the contributors are computed again
     * @param learningRate of its trained parameters, by step
     * @param steps planned
     * @param progress takes every step
     */
    public Report report(Teacher teacher, LongToDoubleFunction learningRate, long steps, LongConsumer progress) {
        for (Topic topic : RecordedSteps.OTHER_TOPICS) {
            for (int partition = 0; partition < log.partitions(topic); partition++) {
                try (RecordedLog.Reading reading = log.read(topic, partition)) {
                    reading.stream().forEach(this::entry);
                }
            }
        }
        StudiedSteps studied;
        try (RecordedSteps recorded = new RecordedSteps(log, this::damaged)) {
            for (Optional<RecordedSteps.Step> next = recorded.next(); next.isPresent(); next = recorded.next()) {
                RecordedSteps.Step step = next.get();
                rules.forEach(rule -> rule.outcome(step.outcome()));
                StepFigures.of(step).ifPresent(figures -> rules.forEach(rule -> rule.step(step, figures)));
                progress.accept(step.step());
            }
            studied = recorded.studied();
        }
        List<Opinion> opinions = new ArrayList<>();
        opinions.add(records(studied));
        rules.forEach(rule -> opinions.add(rule.opinion()));
        // Without training images: their history is not needed.
        opinions.add(Gates.opinion(new TeachingHistory(log, teacher, learningRate, 0, steps).account(step -> {})));
        return new Report(opinions, studied);
    }

    private void entry(RecordedLog.Entry entry) {
        if (entry instanceof RecordedLog.Said record) {
            rules.forEach(rule -> rule.record(record));
        } else {
            damaged(entry);
        }
    }

    private void damaged(RecordedLog.Entry entry) {
        if (entry instanceof RecordedLog.Unreadable range) {
            if (unreadable.size() < RANGES_SHOWN) {
                unreadable.add(range);
            }
        } else if (entry instanceof RecordedLog.Refused record) {
            refused.merge(record.rejected().reason().name(), 1L, Long::sum);
        }
    }

    private Opinion records(StudiedSteps studied) {
        List<Diagnosis> found = new ArrayList<>();
        // An aborted run has batches without an outcome.
        if (!unreadable.isEmpty() || !(studied.all() || divergences.aborted())) {
            StringBuilder evidence = new StringBuilder("complete: " + studied.sentence());
            unreadable.forEach(range ->
                    evidence.append("; ").append(range.place()).append(": ").append(range.why()));
            found.add(new Diagnosis(
                    "parts of the log are missing",
                    Severity.SEVERE,
                    evidence.toString(),
                    "'cohort verify'",
                    "it lists what is missing; restore the log from a copy if you have one"));
        }
        if (!refused.isEmpty()) {
            found.add(new Diagnosis(
                    "records that are not messages of this run",
                    Severity.WARNING,
                    "refused, by reason: " + refused,
                    "kafka",
                    "find out what else writes to these topics; every reader ignored these records"));
        }
        return Opinion.of("log", found);
    }
}
