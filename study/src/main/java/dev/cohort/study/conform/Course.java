package dev.cohort.study.conform;

import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.Draining;
import dev.cohort.protocol.End;
import dev.cohort.protocol.EndOfRun;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.runtime.RecordedLog;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The course of a run up to a record: what the peer that is judged could know, and what it has said. The first batch, outcome,
 * prediction and admission count, as for all readers. Steps far behind the newest one are forgotten, so memory does not grow.
 */
final class Course {
    /** A peer that is further behind is not judged by what is forgotten. */
    private static final long STEPS_KEPT = 256;

    private final Subject subject;
    private final SortedMap<Long, Batch> batches = new TreeMap<>();
    private final SortedMap<Long, Outcome> outcomes = new TreeMap<>();
    private final SortedMap<Long, SortedMap<String, Addressed>> parts = new TreeMap<>();
    private final SortedMap<Long, SortedMap<Long, Prediction>> predictions = new TreeMap<>();
    private final SortedMap<Long, RecordedLog.Said> joinings = new TreeMap<>();
    private final SortedMap<Long, RecordedLog.Said> admissions = new TreeMap<>();
    private final SortedMap<Long, RecordedLog.Said> departures = new TreeMap<>();
    private final SortedMap<Long, Draining> drainings = new TreeMap<>();
    private final SortedMap<Long, Long> trained = new TreeMap<>();
    private final TreeMap<Long, Boolean> contestedBatches = new TreeMap<>();
    private final TreeMap<Long, Boolean> contestedOutcomes = new TreeMap<>();
    private final EndOfRun endOfRun = new EndOfRun();
    private Optional<Command> drain = Optional.empty();
    private Optional<Command> abort = Optional.empty();
    private long newestStep;
    private long newestOutcome;
    private boolean othersFinished;
    private boolean predicted;

    Course(Subject subject) {
        this.subject = subject;
    }

    Subject subject() {
        return subject;
    }

    /** Whether a message is from or about the peer that is judged. */
    boolean isSelf(PeerId peer) {
        return subject.peer().equals(peer);
    }

    void take(RecordedLog.Said record) {
        Message message = record.message();
        if (message instanceof Batch batch) {
            batch(batch.withoutPixels());
        } else if (message instanceof End end) {
            endOfRun.end(end);
        } else if (message instanceof Outcome outcome) {
            outcome(outcome);
        } else if (message instanceof Addressed part && isSelf(part.peer())) {
            parts.computeIfAbsent(part.step(), s -> new TreeMap<>())
                    .put(part.digest().hex(), part);
        } else if (message instanceof Prediction prediction && isSelf(prediction.peer())) {
            predicted = true;
            predictions
                    .computeIfAbsent(prediction.step(), s -> new TreeMap<>())
                    .putIfAbsent(prediction.incarnation(), prediction);
        } else {
            member(message, record);
        }
    }

    private void member(Message message, RecordedLog.Said record) {
        if (message instanceof Joining joining && isSelf(joining.peer())) {
            joinings.putIfAbsent(joining.incarnation(), record);
        } else if (message instanceof Admitted admitted && isSelf(admitted.peer())) {
            admissions.putIfAbsent(admitted.incarnation(), record);
        } else if (message instanceof Heartbeat heartbeat && isSelf(heartbeat.peer())) {
            trained.merge(heartbeat.incarnation(), heartbeat.step(), Math::max);
        } else if (message instanceof Draining draining && isSelf(draining.peer())) {
            drainings.putIfAbsent(draining.incarnation(), draining);
        } else if (message instanceof Left left && isSelf(left.peer())) {
            departures.putIfAbsent(left.incarnation(), record);
        } else if (message instanceof Left other && other.reason().equals(Left.FINISHED)) {
            othersFinished = true;
        } else if (message instanceof Command command) {
            if (command.kind() == Command.Kind.ABORT) {
                abort = Optional.of(command);
            } else if (command.kind() == Command.Kind.DRAIN && command.peer().equals(Optional.of(subject.peer()))) {
                drain = Optional.of(command);
            }
        }
    }

    private void batch(Batch batch) {
        if (!endOfRun.batch(batch)) {
            return;
        }
        Batch first = batches.putIfAbsent(batch.step(), batch);
        if (first != null && !first.equals(batch)) {
            contestedBatches.put(batch.step(), true);
        }
        newestStep = Math.max(newestStep, batch.step());
        forget(newestStep - STEPS_KEPT);
    }

    private void outcome(Outcome outcome) {
        newestOutcome = Math.max(newestOutcome, outcome.step());
        Outcome first = outcomes.putIfAbsent(outcome.step(), outcome);
        if (first != null && !first.digest().equals(outcome.digest())) {
            contestedOutcomes.put(outcome.step(), true);
        }
    }

    private void forget(long step) {
        batches.headMap(step).clear();
        outcomes.headMap(step).clear();
        parts.headMap(step).clear();
        predictions.headMap(step).clear();
    }

    Optional<Batch> batch(long step) {
        return Optional.ofNullable(batches.get(step));
    }

    /** Whether a step is so far behind the newest one that its records are no longer kept. */
    boolean hasForgotten(long step) {
        return step < newestStep - STEPS_KEPT;
    }

    Optional<Outcome> outcome(long step) {
        return Optional.ofNullable(outcomes.get(step));
    }

    /** Whether another batch of this step, which does not count, was published later. */
    boolean isContestedBatch(long step) {
        return contestedBatches.containsKey(step);
    }

    /** Whether another outcome of this step, which does not count, was published later. */
    boolean isContestedOutcome(long step) {
        return contestedOutcomes.containsKey(step);
    }

    /** The addressed part that an outcome names for the peer. */
    Optional<Addressed> part(Outcome outcome) {
        return outcome.resolution() instanceof Outcome.Targets targets
                ? targets.addressed().stream()
                        .filter(part -> isSelf(part.peer()))
                        .findFirst()
                        .flatMap(part -> Optional.ofNullable(parts.getOrDefault(outcome.step(), new TreeMap<>())
                                .get(part.digest().hex())))
                : Optional.empty();
    }

    /** The first prediction of a start for a step. */
    Optional<Prediction> prediction(long incarnation, long step) {
        return Optional.ofNullable(
                predictions.getOrDefault(step, new TreeMap<>()).get(incarnation));
    }

    /** The first request of a start for a seat. */
    Optional<RecordedLog.Said> joining(long incarnation) {
        return Optional.ofNullable(joinings.get(incarnation));
    }

    /** Whether any start has requested a seat. */
    boolean hasJoined() {
        return !joinings.isEmpty();
    }

    /** The first answer to a start. */
    Optional<RecordedLog.Said> admission(long incarnation) {
        return Optional.ofNullable(admissions.get(incarnation));
    }

    Optional<Admitted> answer(long incarnation) {
        return admission(incarnation).map(record -> (Admitted) record.message());
    }

    /** The newest start that has requested a seat or left; 0 before the first. */
    long newestStart() {
        return Math.max(joinings.isEmpty() ? 0 : joinings.lastKey(), departures.isEmpty() ? 0 : departures.lastKey());
    }

    Optional<RecordedLog.Said> departure(long incarnation) {
        return Optional.ofNullable(departures.get(incarnation));
    }

    Optional<Left> left(long incarnation) {
        return departure(incarnation).map(record -> (Left) record.message());
    }

    Optional<Draining> draining(long incarnation) {
        return Optional.ofNullable(drainings.get(incarnation));
    }

    /** The last step that a start has reported as trained; 0 before the first report. */
    long trained(long incarnation) {
        return trained.getOrDefault(incarnation, 0L);
    }

    /** The last step that any start has reported as trained; 0 before the first report. */
    long trainedByAny() {
        return trained.values().stream().mapToLong(Long::longValue).max().orElse(0);
    }

    /** The newest step with an outcome; 0 before the first. */
    long newestOutcome() {
        return newestOutcome;
    }

    /** The newest request that the peer leaves. */
    Optional<Command> drain() {
        return drain;
    }

    Optional<Command> abort() {
        return abort;
    }

    /** Whether every step has an outcome, and another peer has left as finished. */
    boolean runHasEnded() {
        return othersFinished && newestOutcome >= lastStep().orElse(Long.MAX_VALUE);
    }

    /** Whether the peer has predicted anything. */
    boolean hasPredicted() {
        return predicted;
    }

    OptionalLong lastStep() {
        return endOfRun.lastStep();
    }

    /** Whether the peer observes: as it said when it joined. */
    boolean observes() {
        return joining(joinings.isEmpty() ? 0 : joinings.lastKey())
                .filter(record -> record.message() instanceof Joining joining && joining.observer())
                .isPresent();
    }

    /** The slot whose view the peer renders. */
    Optional<Integer> slot() {
        return subject.namedSlot()
                .or(() -> admissions.values().stream()
                        .map(record -> (Admitted) record.message())
                        .filter(a -> !a.refused())
                        .map(Admitted::slot)
                        .findFirst());
    }
}
