package dev.cohort.simulation;

import dev.cohort.peer.CheckpointStore;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Positions.Place;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Topic;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** Nodes that lack one safeguard, a class for each. */
final class Saboteurs {
    private Saboteurs() {}

    /** Appends an outcome before the parts it names. */
    static final class SaysTheOutcomeFirst extends Wrapping {
        SaysTheOutcomeFirst(Node inner) {
            super(inner);
        }

        @Override
        public List<Message> onMessage(Message message, long nowMs) {
            return backwards(inner.onMessage(message, nowMs));
        }

        @Override
        public List<Message> onDeadline(long nowMs) {
            return backwards(inner.onDeadline(nowMs));
        }

        private static List<Message> backwards(List<Message> sent) {
            List<Message> backwards = new ArrayList<>(sent);
            Collections.reverse(backwards);
            return backwards;
        }
    }

    /** Trains without the part of an outcome that is addressed to it. */
    static final class DoesWithoutItsPart extends Wrapping {
        DoesWithoutItsPart(Node inner) {
            super(inner);
        }

        @Override
        public List<Message> onMessage(Message message, long nowMs) {
            if (message instanceof Outcome o && o.resolution() instanceof Outcome.Targets targets) {
                Outcome.Targets less =
                        new Outcome.Targets(targets.labelWeight(), targets.terms(), List.of(), targets.exact());
                return inner.onMessage(
                        new Outcome(o.step(), o.part(), o.coordinator(), o.stateBefore(), o.contributors(), less),
                        nowMs);
            }
            return inner.onMessage(message, nowMs);
        }
    }

    /** Believes that every outcome which names this peer names what this peer published. */
    static final class IgnoresThePredictionHash extends Wrapping {
        private final PeerId self;
        private final SortedMap<Long, Digest> published = new TreeMap<>();

        IgnoresThePredictionHash(Node inner, PeerId self) {
            super(inner);
            this.self = self;
        }

        @Override
        public List<Message> onMessage(Message message, long nowMs) {
            return noted(inner.onMessage(message instanceof Outcome outcome ? believed(outcome) : message, nowMs));
        }

        @Override
        public List<Message> onDeadline(long nowMs) {
            return noted(inner.onDeadline(nowMs));
        }

        private List<Message> noted(List<Message> sent) {
            for (Message message : sent) {
                if (message instanceof Prediction prediction) {
                    published.put(prediction.step(), prediction.digest());
                }
            }
            return sent;
        }

        private Outcome believed(Outcome outcome) {
            List<Outcome.Contributor> contributors = outcome.contributors().stream()
                    .map(c -> c.peer().equals(self) && published.containsKey(outcome.step())
                            ? new Outcome.Contributor(
                                    c.peer(), c.slot(), c.incarnation(), c.version(), published.get(outcome.step()))
                            : c)
                    .toList();
            return new Outcome(
                    outcome.step(),
                    outcome.part(),
                    outcome.coordinator(),
                    outcome.stateBefore(),
                    contributors,
                    outcome.resolution());
        }
    }

    /** Waits a while for the outcome of what it published, then trains on the labels. */
    static final class TimesOutIntoTraining extends Wrapping {
        private static final long PATIENCE_MS = 2 * Scenario.RESEND_MS;
        private long step;
        private long sinceMs;

        TimesOutIntoTraining(Node inner) {
            super(inner);
        }

        @Override
        public List<Message> onMessage(Message message, long nowMs) {
            return noted(inner.onMessage(message, nowMs), nowMs);
        }

        @Override
        public List<Message> onDeadline(long nowMs) {
            if (step > 0 && nowMs - sinceMs > PATIENCE_MS) {
                Outcome invented = new Outcome(
                        step,
                        0,
                        "impatience",
                        new Hasher().digest(),
                        List.of(),
                        new Outcome.Skipped(Outcome.SkipReason.TOO_FEW));
                return noted(inner.onMessage(invented, nowMs), nowMs);
            }
            return noted(inner.onDeadline(nowMs), nowMs);
        }

        private List<Message> noted(List<Message> sent, long nowMs) {
            for (Message message : sent) {
                if (message instanceof Prediction prediction && prediction.step() > step) {
                    step = prediction.step();
                    sinceMs = nowMs;
                }
            }
            return sent;
        }
    }

    /** Of several outcomes of a step, uses the last one that it reads within a short time. */
    static final class LastOutcomeWins extends Wrapping {
        private static final int MESSAGES_HELD = 6;
        private final SortedMap<Long, Outcome> newest = new TreeMap<>();
        private final List<Long> order = new ArrayList<>();
        private int since;

        LastOutcomeWins(Node inner) {
            super(inner);
        }

        @Override
        public List<Message> onMessage(Message message, long nowMs) {
            List<Message> sent = new ArrayList<>();
            if (message instanceof Outcome outcome) {
                if (newest.put(outcome.step(), outcome) == null) {
                    order.add(outcome.step());
                }
            } else {
                sent.addAll(inner.onMessage(message, nowMs));
            }
            since++;
            if (since > MESSAGES_HELD) {
                sent.addAll(release(nowMs));
            }
            return sent;
        }

        @Override
        public List<Message> onDeadline(long nowMs) {
            List<Message> sent = new ArrayList<>(release(nowMs));
            sent.addAll(inner.onDeadline(nowMs));
            return sent;
        }

        private List<Message> release(long nowMs) {
            since = 0;
            List<Message> sent = new ArrayList<>();
            for (long step : order) {
                sent.addAll(
                        inner.onMessage(Optional.ofNullable(newest.get(step)).orElseThrow(), nowMs));
            }
            order.clear();
            return sent;
        }
    }

    /** Makes an update for every outcome of the step it trained last, repeated ones included. */
    static final class TrainsDuplicates extends Wrapping {
        private final RecordingLearner learner;
        private final TreeSet<Long> seen = new TreeSet<>();

        TrainsDuplicates(Node inner, RecordingLearner learner) {
            super(inner);
            this.learner = learner;
        }

        @Override
        public List<Message> onMessage(Message message, long nowMs) {
            if (message instanceof Outcome outcome && !seen.add(outcome.step())) {
                learner.update(0.01);
            }
            return inner.onMessage(message, nowMs);
        }
    }

    /** Sends as if every batch had its outcome already. */
    static final class SendsWithoutWaiting extends Wrapping {
        SendsWithoutWaiting(Node inner) {
            super(inner);
        }

        @Override
        public List<Message> onMessage(Message message, long nowMs) {
            List<Message> sent = new ArrayList<>(inner.onMessage(message, nowMs));
            if (message instanceof Batch batch) {
                sent.addAll(inner.onMessage(
                        new Outcome(
                                batch.step(),
                                0,
                                "haste",
                                new Hasher().digest(),
                                List.of(),
                                new Outcome.Skipped(Outcome.SkipReason.TOO_FEW)),
                        nowMs));
            }
            return sent;
        }
    }

    /** Does not check the digest of the rendered images, where all peers have the same view. */
    static final class IgnoresTheImageDigest extends Wrapping {
        private final SortedMap<Long, Batch> batches = new TreeMap<>();

        IgnoresTheImageDigest(Node inner) {
            super(inner);
        }

        @Override
        public List<Message> onMessage(Message message, long nowMs) {
            if (message instanceof Batch batch && batch.digests().size() == 1) {
                batches.put(batch.step(), batch);
            }
            if (message instanceof Prediction prediction && batches.containsKey(prediction.step())) {
                Digest asked = Optional.ofNullable(batches.get(prediction.step()))
                        .orElseThrow()
                        .digest(0);
                return inner.onMessage(
                        new Prediction(
                                prediction.step(),
                                prediction.part(),
                                prediction.peer(),
                                prediction.incarnation(),
                                prediction.version(),
                                prediction.tensors(),
                                prediction.maps(),
                                asked,
                                prediction.previous(),
                                prediction.flaw()),
                        nowMs);
            }
            return inner.onMessage(message, nowMs);
        }
    }

    /** Replaces an unreadable prediction by logits of 0. */
    static final class IgnoresTheFlaw extends Wrapping {
        private final SortedMap<Long, Batch> batches = new TreeMap<>();

        IgnoresTheFlaw(Node inner) {
            super(inner);
        }

        @Override
        public List<Message> onMessage(Message message, long nowMs) {
            if (message instanceof Batch batch) {
                batches.put(batch.step(), batch);
            }
            Optional<Prediction> mended = message instanceof Prediction prediction
                            && prediction.flaw().isPresent()
                    ? Optional.ofNullable(batches.get(prediction.step()))
                            .map(b -> Lies.innocent(
                                    b, prediction.peer(), prediction.incarnation(), 0, Optional.of(Draw.HIDDEN)))
                    : Optional.empty();
            return inner.onMessage(mended.<Message>map(m -> m).orElse(message), nowMs);
        }
    }

    /** Of several predictions of a peer for a step, uses the last one that it reads within a short time. */
    static final class NewestPredictionCounts extends Wrapping {
        private static final int MESSAGES_HELD = 16;
        private final List<Message> held = new ArrayList<>();
        private long releaseMs;

        NewestPredictionCounts(Node inner) {
            super(inner);
        }

        @Override
        public List<Message> onMessage(Message message, long nowMs) {
            if (message instanceof Prediction newer) {
                held.replaceAll(older -> older instanceof Prediction prediction
                                && prediction.step() == newer.step()
                                && prediction.peer().equals(newer.peer())
                        ? newer
                        : older);
            }
            held.add(message);
            releaseMs = nowMs + 15;
            return held.size() > MESSAGES_HELD ? inner.onMessage(held.remove(0), nowMs) : List.of();
        }

        @Override
        public List<Message> onDeadline(long nowMs) {
            releaseMs = nowMs + 1;
            return held.isEmpty() ? inner.onDeadline(nowMs) : inner.onMessage(held.remove(0), nowMs);
        }

        @Override
        public long nextDeadlineMs() {
            return held.isEmpty() ? inner.nextDeadlineMs() : releaseMs;
        }
    }

    /** Alters every checkpoint. */
    private abstract static class WrappingStore implements CheckpointStore {
        private final CheckpointStore inner;

        WrappingStore(CheckpointStore inner) {
            this.inner = inner;
        }

        abstract Checkpoint altered(Checkpoint checkpoint);

        @Override
        public void save(Checkpoint checkpoint) {
            inner.save(altered(checkpoint));
        }

        @Override
        public Optional<Checkpoint> newest() {
            return inner.newest();
        }
    }

    /** Keeps the weights, with momentum 0. */
    static final class ForgetsMomentum extends WrappingStore {
        ForgetsMomentum(CheckpointStore inner) {
            super(inner);
        }

        private static final String VELOCITY = ".velocity";

        @Override
        Checkpoint altered(Checkpoint checkpoint) {
            SortedMap<String, Tensor> tensors =
                    new TreeMap<>(checkpoint.learner().asMap());
            tensors.replaceAll((name, tensor) -> name.endsWith(VELOCITY)
                    ? Tensor.of(
                            tensor.dtype(),
                            new double[tensor.size()],
                            tensor.shape().toArray())
                    : tensor);
            return new Checkpoint(
                    checkpoint.firstStep(), checkpoint.step(), NamedTensors.of(tensors), checkpoint.positions());
        }
    }

    /** Keeps what it has become, and forgets the last update it made. */
    static final class SaysItIsOlder extends WrappingStore {
        SaysItIsOlder(CheckpointStore inner) {
            super(inner);
        }

        @Override
        Checkpoint altered(Checkpoint checkpoint) {
            return new Checkpoint(checkpoint.firstStep(), checkpoint.step() - 1, checkpoint.learner(), Positions.NONE);
        }
    }

    /** Resumes reading one outcome too late. */
    static final class SkipsAnOutcome extends WrappingStore {
        SkipsAnOutcome(CheckpointStore inner) {
            super(inner);
        }

        @Override
        Checkpoint altered(Checkpoint checkpoint) {
            SortedMap<Place, Long> offsets =
                    new TreeMap<>(checkpoint.positions().offsets());
            offsets.replaceAll((place, offset) -> place.topic() == Topic.OUTCOMES ? offset + 1 : offset);
            return new Checkpoint(
                    checkpoint.firstStep(), checkpoint.step(), checkpoint.learner(), new Positions(offsets));
        }
    }

    /** Keeps what it has become, and forgets that it came late. */
    static final class ForgetsWhereItBegan extends WrappingStore {
        ForgetsWhereItBegan(CheckpointStore inner) {
            super(inner);
        }

        @Override
        Checkpoint altered(Checkpoint checkpoint) {
            return new Checkpoint(1, checkpoint.step(), checkpoint.learner(), checkpoint.positions());
        }
    }

    /** Does its work without publishing anything. */
    static final class Silent extends Wrapping {
        Silent(Node inner) {
            super(inner);
        }

        @Override
        public List<Message> onMessage(Message message, long nowMs) {
            inner.onMessage(message, nowMs);
            return List.of();
        }

        @Override
        public List<Message> onDeadline(long nowMs) {
            inner.onDeadline(nowMs);
            return List.of();
        }
    }
}
