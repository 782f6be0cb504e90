package dev.cohort.study.conform;

import dev.cohort.protocol.Command;
import dev.cohort.protocol.Draining;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.runtime.kafka.TopicPlan;
import java.util.List;
import java.util.Optional;

/** Who writes what, and where. */
final class RecordRules {
    /** Heartbeats come from a thread of their own: one may be on its way when the peer leaves. */
    private static final long HEARTBEAT_ON_ITS_WAY_MS = 5_000;

    private RecordRules() {}

    static List<Rule> all() {
        return List.of(
                new EveryRecord(
                        "sender",
                        "The sender of each of its records is its id.",
                        (record, course) -> isOwn(record.message(), course)
                                ? Ruling.of(
                                        record.sender()
                                                .equals(course.subject().peer().value()),
                                        "sender " + record.sender(),
                                        course.subject().peer().value())
                                : Ruling.NOT_CONCERNED),
                new EveryRecord(
                        "topics",
                        "A peer writes messages of peers only, each to its topic.",
                        (record, course) ->
                                record.sender().equals(course.subject().peer().value())
                                        ? topic(record)
                                        : Ruling.NOT_CONCERNED),
                new EachRecord<>(
                        "partition",
                        "Predictions are on the partition of its id.",
                        Prediction.class,
                        RecordRules::partition),
                new EveryRecord(
                        "silent-after-left", "A start says nothing after it has left.", RecordRules::silentAfterLeft));
    }

    /** A rule about records of every type. */
    private record EveryRecord(String name, String promise, Test test) implements Rule {
        interface Test {
            Ruling judge(RecordedLog.Said record, Course course);
        }

        @Override
        public Ruling take(RecordedLog.Said record, Course course) {
            return test.judge(record, course);
        }
    }

    /** Whether a message speaks for the peer. */
    static boolean isOwn(Message message, Course course) {
        return start(message, course).isPresent()
                || (message instanceof Evaluation evaluation
                        && evaluation.source().equals(course.subject().peer().value()));
    }

    /** The start of the peer that a message speaks for. */
    private static Optional<Long> start(Message message, Course course) {
        if (message instanceof Prediction m && course.isSelf(m.peer())) {
            return Optional.of(m.incarnation());
        } else if (message instanceof Heartbeat m && course.isSelf(m.peer())) {
            return Optional.of(m.incarnation());
        } else if (message instanceof Joining m && course.isSelf(m.peer())) {
            return Optional.of(m.incarnation());
        } else if (message instanceof Draining m && course.isSelf(m.peer())) {
            return Optional.of(m.incarnation());
        } else if (message instanceof Left m && course.isSelf(m.peer())) {
            return Optional.of(m.incarnation());
        }
        return Optional.empty();
    }

    private static Ruling topic(RecordedLog.Said record) {
        Message message = record.message();
        Topic right = Topic.of(message);
        boolean allowed = message instanceof Prediction
                || (message instanceof TensorPiece piece && piece.use() == TensorPiece.Use.MAP)
                || message instanceof Heartbeat
                || message instanceof Joining
                || message instanceof Draining
                || message instanceof Left
                || message instanceof Evaluation
                || message instanceof Command;
        return allowed
                ? Ruling.of(record.topic() == right, "topic " + record.topic().suffix(), right.suffix())
                : new Ruling.Broken(
                        "a message that is not a peer's, on " + record.topic().suffix(), "none");
    }

    private static Ruling partition(Prediction prediction, RecordedLog.Said record, Course course) {
        if (!course.isSelf(prediction.peer())) {
            return Ruling.NOT_CONCERNED;
        }
        int partitions = course.subject().partitions();
        int right = TopicPlan.predictionPartition(prediction.peer(), partitions);
        return Ruling.of(
                record.partition() == right,
                "partition " + record.partition() + " of " + partitions,
                "partition " + right);
    }

    private static Ruling silentAfterLeft(RecordedLog.Said record, Course course) {
        Optional<RecordedLog.Said> departure = start(record.message(), course).flatMap(course::departure);
        boolean comparable = departure
                .filter(left ->
                        left.topic() == record.topic() || course.subject().hasOneClock())
                .isPresent();
        if (record.message() instanceof Left left && course.isSelf(left.peer()) && departure.isEmpty()) {
            return Ruling.KEPT;
        }
        return !comparable
                ? Ruling.NOT_CONCERNED
                : Ruling.of(
                        record.message() instanceof Heartbeat
                                && record.appendedMs()
                                        <= departure.orElseThrow().appendedMs() + HEARTBEAT_ON_ITS_WAY_MS,
                        "a record after " + departure.orElseThrow().place() + ", Left",
                        "none");
    }
}
