package dev.cohort.study;

import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.End;
import dev.cohort.protocol.EndOfRun;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Pieces;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.protocol.TensorReference;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.runtime.RecordedLog.Said;
import dev.cohort.runtime.kafka.TopicPlan;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Reads the steps of a run in their order, each with everything in the log that belongs to it. Topics are read side by side, no
 * further ahead than the step needs, so memory does not grow with the run. The first outcome of a step counts, the first batch,
 * and the first prediction of each peer. One thread.
 */
public final class RecordedSteps implements AutoCloseable {
    /**
     * How far ahead of a step the log is searched for its messages: only a few steps are in flight at a time.
     */
    static final long AHEAD_STEPS_MAX = 64;

    /** Topics that this class does not read, unless it reads feature maps. */
    public static final List<Topic> OTHER_TOPICS = Arrays.stream(Topic.values())
            .filter(t -> t != Topic.BATCHES && t != Topic.PREDICTIONS && t != Topic.OUTCOMES && t != Topic.ADDRESSED)
            .toList();

    private final List<Stream<?>> streams = new ArrayList<>();
    private final Consumer<RecordedLog.Entry> damaged;
    private final Stream<Outcome> outcomes;
    private final Stream<Batch> batches;
    private final List<Stream<Prediction>> predictions = new ArrayList<>();
    private final List<Stream<Addressed>> addressed = new ArrayList<>();
    private final List<Stream<TensorPiece>> maps = new ArrayList<>();
    private final StudiedSteps.Sum studied = new StudiedSteps.Sum();
    private final EndOfRun endOfRun = new EndOfRun();
    private long closedStep;
    private int closedPart = -1;
    private long outcomesIgnored;

    /**
     * Opens the topics of a run, but for its feature maps.
     *
     * @param damaged takes every entry that is not a message, in the order of its partition
     */
    public RecordedSteps(RecordedLog log, Consumer<RecordedLog.Entry> damaged) {
        this(log, damaged, false);
    }

    /**
     * Opens the topics of a run.
     *
     * @param damaged takes every entry that is not a message, in the order of its partition
     * @param withMaps whether feature maps are read, too, which are most of a log that has any
     */
    public RecordedSteps(RecordedLog log, Consumer<RecordedLog.Entry> damaged, boolean withMaps) {
        this.damaged = damaged;
        outcomes = stream(log, Topic.OUTCOMES, 0, Outcome.class);
        batches = stream(log, Topic.BATCHES, 0, Batch.class);
        for (int i = 0; i < log.partitions(Topic.PREDICTIONS); i++) {
            predictions.add(stream(log, Topic.PREDICTIONS, i, Prediction.class));
        }
        for (int i = 0; i < log.partitions(Topic.ADDRESSED); i++) {
            addressed.add(stream(log, Topic.ADDRESSED, i, Addressed.class));
        }
        for (int i = 0; withMaps && i < log.partitions(Topic.MAPS); i++) {
            maps.add(stream(log, Topic.MAPS, i, TensorPiece.class));
        }
    }

    /** Topics that this object does not read. */
    public List<Topic> otherTopics() {
        return OTHER_TOPICS.stream()
                .filter(topic -> maps.isEmpty() || topic != Topic.MAPS)
                .toList();
    }

    private <M> Stream<M> stream(RecordedLog log, Topic topic, int partition, Class<M> type) {
        Stream<M> stream = new Stream<>(log.read(topic, partition), type);
        streams.add(stream);
        return stream;
    }

    /**
     * One step as the log has it.
     *
     * @param outcome the first one of the step
     * @param appendedMs when the broker appended the outcome
     * @param batch empty if it is not in the log, or no longer
     * @param said the first prediction of each contributor that the outcome names, without missing ones
     * @param maps the feature maps of the contributors of which none is missing, by name; none if they are not read
     * @param parts that the outcome names, by peer, without missing ones
     */
    public record Step(
            Outcome outcome,
            long appendedMs,
            Optional<Batch> batch,
            SortedMap<PeerId, Said> said,
            SortedMap<PeerId, NamedTensors> maps,
            SortedMap<PeerId, Addressed> parts) {
        /** The prediction of a contributor; empty if it is missing. */
        public Optional<Prediction> prediction(PeerId peer) {
            return Optional.ofNullable(said.get(peer)).map(s -> (Prediction) s.message());
        }

        /** The tensors that a contributor published, with its feature maps if they are there; empty if it is missing. */
        public Optional<NamedTensors> tensors(PeerId peer) {
            return prediction(peer).map(prediction -> {
                NamedTensors tensors = prediction.tensors();
                for (Map.Entry<String, Tensor> map :
                        maps.getOrDefault(peer, NamedTensors.none()).asMap().entrySet()) {
                    tensors = tensors.with(map.getKey(), map.getValue());
                }
                return tensors;
            });
        }

        /** Whether the feature maps of all contributors are there. */
        public boolean hasMaps() {
            return said.keySet().stream()
                    .allMatch(peer -> prediction(peer)
                            .filter(p -> !p.maps().isEmpty() && !maps.containsKey(peer))
                            .isEmpty());
        }

        public long step() {
            return outcome.step();
        }

        /** Whether the batch and everything the outcome names are in the log. */
        public boolean whole() {
            int named = outcome.resolution() instanceof Outcome.Targets targets
                    ? targets.addressed().size()
                    : 0;
            return batch.isPresent() && said.size() == outcome.contributors().size() && parts.size() == named;
        }
    }

    /** The next step that has an outcome; empty at the end of the log. */
    public Optional<Step> next() {
        while (true) {
            Optional<Said> record = outcomes.take();
            if (record.isEmpty()) {
                return Optional.empty();
            }
            Outcome outcome = (Outcome) record.get().message();
            boolean late =
                    outcome.step() < closedStep || (outcome.step() == closedStep && outcome.part() <= closedPart);
            if (late) {
                outcomesIgnored++;
                continue;
            }
            closedStep = outcome.step();
            closedPart = outcome.part();
            SortedMap<PeerId, Said> said = predictions(outcome);
            Step step = new Step(
                    outcome,
                    record.get().appendedMs(),
                    batch(outcome.step()),
                    said,
                    maps(outcome.step(), said),
                    parts(outcome));
            studied.add(step);
            return Optional.of(step);
        }
    }

    /**
     * Which steps could be studied; call it after the last step. Reads the rest of the topics, so damage there is reported, too.
     */
    public StudiedSteps studied() {
        for (Stream<?> stream : streams) {
            while (stream.take().isPresent()) {
                // No step needs it.
            }
        }
        return studied.done(lastStep());
    }

    /** Outcomes so far that followed another outcome of their step. */
    public long outcomesIgnored() {
        return outcomesIgnored;
    }

    /** The last step of the run, if the log records it; call it after the last step. */
    public OptionalLong lastStep() {
        while (batches.peek().isPresent()) {
            batches.take();
        }
        return endOfRun.lastStep();
    }

    private Optional<Batch> batch(long step) {
        batches.forget(batch -> batch.step() < step);
        return batches.first(batch -> batch.step() == step, batch -> batch.step() > step)
                .map(record -> (Batch) record.message());
    }

    private SortedMap<PeerId, Said> predictions(Outcome outcome) {
        predictions.forEach(stream -> stream.forget(p -> p.step() < outcome.step()));
        SortedMap<PeerId, Said> found = new TreeMap<>();
        for (Outcome.Contributor contributor : outcome.contributors()) {
            int partition = TopicPlan.predictionPartition(contributor.peer(), predictions.size());
            predictions
                    .get(partition)
                    .first(
                            p -> p.step() == outcome.step() && p.peer().equals(contributor.peer()),
                            p -> p.step() > outcome.step() + AHEAD_STEPS_MAX)
                    .ifPresent(p -> found.put(contributor.peer(), p));
        }
        return found;
    }

    /**
     * The maps of one step. Before a peer publishes pieces two steps later, it has read an outcome that was written when all pieces
     * of this step were, so reading ends at the first such piece.
     */
    private SortedMap<PeerId, NamedTensors> maps(long step, SortedMap<PeerId, Said> said) {
        SortedMap<PeerId, Pieces> pieces = new TreeMap<>();
        for (Stream<TensorPiece> stream : maps) {
            stream.forget(piece -> piece.step() < step);
            stream.each(piece -> piece.step() > step + 1, piece -> {
                if (piece.step() == step && piece.use() == TensorPiece.Use.MAP) {
                    pieces.computeIfAbsent(piece.peer(), p -> new Pieces(Long.MAX_VALUE))
                            .add(piece);
                }
            });
        }
        SortedMap<PeerId, NamedTensors> found = new TreeMap<>();
        said.forEach((peer, record) -> Optional.ofNullable(pieces.get(peer))
                .flatMap(of -> joined(((Prediction) record.message()).maps(), of))
                .ifPresent(whole -> found.put(peer, whole)));
        return found;
    }

    private static Optional<NamedTensors> joined(SortedMap<String, TensorReference> references, Pieces pieces) {
        SortedMap<String, Tensor> whole = new TreeMap<>();
        references.forEach((name, reference) -> pieces.whole(reference).ifPresent(map -> whole.put(name, map)));
        return whole.size() == references.size() ? Optional.of(NamedTensors.of(whole)) : Optional.empty();
    }

    private SortedMap<PeerId, Addressed> parts(Outcome outcome) {
        addressed.forEach(stream -> stream.forget(part -> part.step() < outcome.step()));
        SortedMap<PeerId, Addressed> found = new TreeMap<>();
        if (!(outcome.resolution() instanceof Outcome.Targets targets)) {
            return found;
        }
        for (Outcome.Part part : targets.addressed()) {
            outcome.contributors().stream()
                    .filter(c -> c.peer().equals(part.peer()) && c.slot() < addressed.size())
                    .findFirst()
                    .flatMap(c -> addressed
                            .get(c.slot())
                            .first(
                                    a -> a.step() == outcome.step()
                                            && a.digest().equals(part.digest()),
                                    a -> a.step() > outcome.step() + AHEAD_STEPS_MAX))
                    .ifPresent(a -> found.put(part.peer(), (Addressed) a.message()));
        }
        return found;
    }

    @Override
    public void close() {
        streams.forEach(Stream::close);
    }

    /** The messages of one partition, including those that were read ahead. */
    private final class Stream<M> implements AutoCloseable {
        private final RecordedLog.Reading reading;
        private final Class<M> type;
        private final List<Said> ahead = new ArrayList<>();

        Stream(RecordedLog.Reading reading, Class<M> type) {
            this.reading = reading;
            this.type = type;
        }

        interface Test<M> {
            boolean holds(M message);
        }

        private Optional<Said> read() {
            for (Optional<RecordedLog.Entry> entry = reading.next(); entry.isPresent(); entry = reading.next()) {
                if (!(entry.get() instanceof Said record)) {
                    damaged.accept(entry.get());
                } else if (type.isInstance(record.message())) {
                    if (record.message() instanceof Batch batch) {
                        endOfRun.batch(batch);
                    }
                    return Optional.of(record);
                } else if (record.message() instanceof End end) {
                    endOfRun.end(end);
                }
            }
            return Optional.empty();
        }

        Optional<Said> peek() {
            if (ahead.isEmpty()) {
                read().ifPresent(ahead::add);
            }
            return ahead.stream().findFirst();
        }

        Optional<Said> take() {
            Optional<Said> first = peek();
            if (first.isPresent()) {
                ahead.remove(0);
            }
            return first;
        }

        /** Drops messages that are no longer needed. */
        void forget(Test<M> closed) {
            ahead.removeIf(record -> closed.holds(type.cast(record.message())));
        }

        /** The first message that is {@code wanted}; the search ends at the first message that is {@code beyond}. */
        Optional<Said> first(Test<M> wanted, Test<M> beyond) {
            for (int i = 0; ; i++) {
                if (i == ahead.size()) {
                    Optional<Said> more = read();
                    if (more.isEmpty()) {
                        return Optional.empty();
                    }
                    ahead.add(more.get());
                }
                M message = type.cast(ahead.get(i).message());
                if (wanted.holds(message)) {
                    return Optional.of(ahead.get(i));
                }
                if (beyond.holds(message)) {
                    return Optional.empty();
                }
            }
        }

        /** Takes every message up to the first one that is {@code beyond}; all are kept. */
        void each(Test<M> beyond, Consumer<M> taker) {
            for (int i = 0; ; i++) {
                if (i == ahead.size()) {
                    Optional<Said> more = read();
                    if (more.isEmpty()) {
                        return;
                    }
                    ahead.add(more.get());
                }
                M message = type.cast(ahead.get(i).message());
                if (beyond.holds(message)) {
                    return;
                }
                taker.accept(message);
            }
        }

        @Override
        public void close() {
            reading.close();
        }
    }
}
