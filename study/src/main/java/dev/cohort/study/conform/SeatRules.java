package dev.cohort.study.conform;

import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Prediction;
import dev.cohort.runtime.RecordedLog;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/** How a peer gets its seat and says that it is alive. */
final class SeatRules {
    /** An answer may take this long to be read on a busy machine. */
    private static final long ANSWER_READ_MS = 15_000;

    private SeatRules() {}

    static List<Rule> all() {
        return List.of(
                new EachRecord<>(
                        "data",
                        "A request for a seat has the digest of the run's data.",
                        Joining.class,
                        SeatRules::data),
                new EachRecord<>(
                        "feature-width",
                        "A peer has the feature width of its slot, if the method reads features.",
                        Joining.class,
                        SeatRules::featureWidth),
                new EachRecord<>(
                        "joins-first",
                        "A start requests a seat before it predicts.",
                        Prediction.class,
                        SeatRules::joinsFirst),
                new EachRecord<>(
                        "joins-until-answered",
                        "A start that has read its answer requests no seat any more.",
                        Joining.class,
                        SeatRules::untilAnswered),
                new EachRecord<>(
                        "incarnations",
                        "Each start has a higher incarnation than the starts before, and no start speaks after a later one.",
                        Joining.class,
                        SeatRules::incarnation),
                new EachRecord<>(
                        "restart",
                        "A later start continues from weights that an earlier start has trained.",
                        Joining.class,
                        SeatRules::restart),
                new EachRecord<>(
                        "heartbeat-progress",
                        "The step in heartbeats of a start never falls, and is a step whose outcome is there.",
                        Heartbeat.class,
                        SeatRules::progress),
                new Heartbeats());
    }

    private static Ruling data(Joining joining, RecordedLog.Said record, Course course) {
        return !course.isSelf(joining.peer())
                ? Ruling.NOT_CONCERNED
                : Ruling.of(
                        joining.dataDigest().equals(course.subject().manifest().dataDigest()),
                        "data_digest " + joining.dataDigest().hex(),
                        course.subject().manifest().dataDigest().hex());
    }

    private static Ruling featureWidth(Joining joining, RecordedLog.Said record, Course course) {
        Subject subject = course.subject();
        OptionalInt slot = subject.namedSlot().map(OptionalInt::of).orElse(OptionalInt.empty());
        if (!course.isSelf(joining.peer()) || joining.observer() || !subject.readsFeatures() || slot.isEmpty()) {
            return Ruling.NOT_CONCERNED;
        }
        int width = subject.manifest().featureWidths().get(slot.getAsInt());
        return Ruling.of(
                joining.featureWidth() == width,
                "feature_width " + joining.featureWidth(),
                width + ", of slot " + slot.getAsInt());
    }

    private static Ruling joinsFirst(Prediction prediction, RecordedLog.Said record, Course course) {
        return !course.isSelf(prediction.peer()) || !course.subject().hasOneClock()
                ? Ruling.NOT_CONCERNED
                : Ruling.of(
                        course.joining(prediction.incarnation()).isPresent(),
                        "a prediction of incarnation " + prediction.incarnation() + " without Joining before it",
                        "Joining with that incarnation first");
    }

    private static Ruling untilAnswered(Joining joining, RecordedLog.Said record, Course course) {
        Optional<RecordedLog.Said> answer = course.admission(joining.incarnation());
        if (!course.isSelf(joining.peer()) || answer.isEmpty()) {
            return course.isSelf(joining.peer()) ? Ruling.KEPT : Ruling.NOT_CONCERNED;
        }
        long sinceMs = record.appendedMs() - answer.get().appendedMs();
        return Ruling.of(
                sinceMs <= ANSWER_READ_MS,
                "Joining " + sinceMs + " ms after its answer " + answer.get().place(),
                "none once the answer is read");
    }

    private static Ruling incarnation(Joining joining, RecordedLog.Said record, Course course) {
        if (!course.isSelf(joining.peer())) {
            return Ruling.NOT_CONCERNED;
        }
        long newest = course.newestStart();
        boolean left = course.departure(joining.incarnation()).isPresent();
        return Ruling.of(
                joining.incarnation() >= newest && !left,
                "incarnation " + joining.incarnation() + (left ? ", which has left" : ""),
                left ? "a higher one" : "at least " + newest + ", the newest before");
    }

    private static Ruling restart(Joining joining, RecordedLog.Said record, Course course) {
        boolean first = course.newestStart() == 0 || joining.incarnation() == course.newestStart();
        if (!course.isSelf(joining.peer()) || first) {
            return Ruling.NOT_CONCERNED;
        }
        long trained = course.trainedByAny();
        return Ruling.of(
                joining.trainedSteps() <= trained,
                "trained_steps " + joining.trainedSteps(),
                "at most " + trained + ", the last step that any start reported");
    }

    private static Ruling progress(Heartbeat heartbeat, RecordedLog.Said record, Course course) {
        if (!course.isSelf(heartbeat.peer())) {
            return Ruling.NOT_CONCERNED;
        }
        long before = course.trained(heartbeat.incarnation());
        boolean falls = heartbeat.step() < before;
        boolean ahead = !course.observes()
                && course.subject().hasOneClock()
                && heartbeat.step() > Math.max(course.newestOutcome(), before);
        return Ruling.of(
                !falls && !ahead,
                "step " + heartbeat.step(),
                falls
                        ? "at least " + before + ", as before"
                        : "at most " + course.newestOutcome() + ", the newest outcome");
    }

    /**
     * A peer says every 500 ms that it is alive; with nothing for {@code pace.gone_after_ms} it counts as lost. Only time in
     * which others wrote counts: while the broker is away nobody can speak.
     */
    private static final class Heartbeats implements Rule {
        /** A longer gap between two records of a topic, whoever wrote them, is the broker's. */
        private static final long QUIET_MS = 1_000;

        private long silentMs;
        private long lastMs;
        private long incarnation;

        @Override
        public String name() {
            return "heartbeats";
        }

        @Override
        public String promise() {
            return "From its admission until it leaves, a start is never silent for pace.gone_after_ms.";
        }

        @Override
        public Ruling take(RecordedLog.Said record, Course course) {
            silentMs += Math.min(QUIET_MS, Math.max(0, record.appendedMs() - lastMs));
            lastMs = Math.max(lastMs, record.appendedMs());
            if (!(record.message() instanceof Heartbeat heartbeat) || !course.isSelf(heartbeat.peer())) {
                boolean answered = record.message() instanceof Admitted admitted && course.isSelf(admitted.peer());
                silentMs = answered ? 0 : silentMs;
                return Ruling.NOT_CONCERNED;
            }
            long silence = silentMs;
            silentMs = 0;
            boolean first = heartbeat.incarnation() != incarnation;
            incarnation = heartbeat.incarnation();
            return first ? Ruling.NOT_CONCERNED : silent(silence, course);
        }

        /** A start that has been admitted and has not left still speaks. */
        @Override
        public Ruling end(Course course) {
            long start = course.newestStart();
            boolean seated = course.answer(start).filter(a -> !a.refused()).isPresent();
            Ruling ruling = silent(silentMs, course);
            return seated && course.departure(start).isEmpty() && ruling instanceof Ruling.Broken
                    ? ruling
                    : Ruling.NOT_CONCERNED;
        }

        private static Ruling silent(long silence, Course course) {
            long limitMs = course.subject().experiment().pace().goneAfterMs();
            return Ruling.of(
                    silence <= limitMs,
                    "no heartbeat for " + silence + " ms",
                    "one every 500 ms, and at most " + limitMs + " ms without (pace.gone_after_ms)");
        }
    }
}
