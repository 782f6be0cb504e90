package dev.cohort.study.conform;

import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.stream.Stream;

/** Judges a peer by all rules, in one pass over the log, in the order of the broker's clock. */
public final class Conformance {
    /**
     * Order of records of the same millisecond: what a peer reads comes before what it says. Snapshots and test images concern no
     * rule.
     */
    private static final List<Topic> READ = List.of(
            Topic.BATCHES,
            Topic.ADDRESSED,
            Topic.OUTCOMES,
            Topic.CONTROL,
            Topic.MEMBERS,
            Topic.PREDICTIONS,
            Topic.EVALUATIONS);

    private final Course course;
    private final List<Judge> judges;

    /** @param subject the peer */
    public Conformance(Subject subject) {
        course = new Course(subject);
        judges = rules().stream().map(Judge::new).toList();
    }

    /** Fresh rules. */
    static List<Rule> rules() {
        return Stream.of(
                        List.<Rule>of(new CanBeRead()),
                        RecordRules.all(),
                        SeatRules.all(),
                        PredictionRules.all(),
                        ReportRules.all(),
                        LeavingRules.all())
                .flatMap(List::stream)
                .toList();
    }

    /** Judges the whole log, as far as it is there. */
    public List<RuleVerdict> verdicts(RecordedLog log) {
        List<RecordedLog.Reading> readings = new ArrayList<>();
        PriorityQueue<Head> heads = new PriorityQueue<>(Comparator.comparingLong(Head::atMs)
                .thenComparingInt(Head::rank)
                .thenComparingInt(Head::reading));
        try {
            for (Topic topic : READ) {
                for (int partition = 0; partition < log.partitions(topic); partition++) {
                    readings.add(log.read(topic, partition));
                    next(readings, readings.size() - 1, 0).ifPresent(heads::add);
                }
            }
            for (Head head = heads.poll(); head != null; head = heads.poll()) {
                take(head.entry());
                next(readings, head.reading(), head.atMs()).ifPresent(heads::add);
            }
        } finally {
            readings.forEach(RecordedLog.Reading::close);
        }
        return verdicts();
    }

    /** The newest entry of a partition that is not judged yet. */
    private record Head(RecordedLog.Entry entry, long atMs, int reading) {
        int rank() {
            return READ.indexOf(entry.topic());
        }
    }

    private static Optional<Head> next(List<RecordedLog.Reading> readings, int reading, long beforeMs) {
        return readings.get(reading)
                .next()
                .map(entry -> new Head(entry, Math.max(beforeMs, atMs(entry, beforeMs)), reading));
    }

    private static long atMs(RecordedLog.Entry entry, long beforeMs) {
        if (entry instanceof RecordedLog.Said said) {
            return said.appendedMs();
        }
        return entry instanceof RecordedLog.Refused refused ? refused.appendedMs() : beforeMs;
    }

    /** Judges the next record. */
    void take(RecordedLog.Entry entry) {
        if (entry instanceof RecordedLog.Said said) {
            if (!isCopied(said.message())) {
                judges.forEach(judge -> judge.take(said, course));
            }
            course.take(said);
        } else if (entry instanceof RecordedLog.Refused refused) {
            judges.forEach(judge -> judge.take(refused, course));
        }
    }

    /** Whether the launcher copied a message from the run that this one was forked from. */
    private boolean isCopied(Message message) {
        long forkedAt = course.subject().manifest().forkedAtStep();
        return (message instanceof Prediction prediction && prediction.step() <= forkedAt)
                || (message instanceof Evaluation evaluation && evaluation.step() <= forkedAt);
    }

    /** The verdicts after the last record. */
    List<RuleVerdict> verdicts() {
        return judges.stream().map(judge -> judge.verdict(course)).toList();
    }

    /** Every record that the peer writes can be read. */
    private static final class CanBeRead implements Rule {
        @Override
        public String name() {
            return "readable";
        }

        @Override
        public String promise() {
            return "Every record that it writes keeps the limits of its message.";
        }

        @Override
        public Ruling take(RecordedLog.Said record, Course course) {
            return record.sender().equals(course.subject().peer().value()) ? Ruling.KEPT : Ruling.NOT_CONCERNED;
        }

        @Override
        public Ruling refused(RecordedLog.Refused record, Course course) {
            return record.rejected().sender().equals(course.subject().peer().value())
                    ? new Ruling.Broken(record.rejected().detail(), "a record that readers accept")
                    : Ruling.NOT_CONCERNED;
        }
    }

    /** Counts what a rule says. */
    private static final class Judge {
        private final Rule rule;
        private long kept;
        private long broken;
        private Optional<RuleVerdict.Breach> first = Optional.empty();

        Judge(Rule rule) {
            this.rule = rule;
        }

        void take(RecordedLog.Said record, Course course) {
            count(rule.take(record, course), record.place());
        }

        void take(RecordedLog.Refused record, Course course) {
            count(rule.refused(record, course), record.place());
        }

        private void count(Ruling ruling, String place) {
            if (ruling instanceof Ruling.Kept) {
                kept++;
            } else if (ruling instanceof Ruling.Broken wrong) {
                broken++;
                first = first.or(() -> Optional.of(new RuleVerdict.Breach(place, wrong.found(), wrong.must())));
            }
        }

        RuleVerdict verdict(Course course) {
            count(rule.end(course), "the end of the log");
            return new RuleVerdict(rule.name(), rule.promise(), kept, broken, first);
        }
    }
}
