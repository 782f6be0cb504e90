package dev.cohort.coordinator.process;

import dev.cohort.coordinator.follow.TeacherSnapshots;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Snapshot;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.Delivery;
import dev.cohort.runtime.Receiver;
import dev.cohort.runtime.kafka.Following;
import dev.cohort.runtime.kafka.From;
import dev.cohort.runtime.kafka.RunLog;
import dev.cohort.runtime.kafka.RunLogException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/** Finds the newest snapshot that the outcomes in the log confirm. */
final class SnapshotSearch {
    /** Number of newest snapshots to check. */
    private static final int CANDIDATES_MAX = 8;

    private static final Duration SILENCE_MAX = Duration.ofMinutes(2);

    private final RunLog log;
    private final Set<Topic> followed;

    /**
     * @param from the snapshot to continue from; empty for the beginning of the log
     * @param passedOver newer snapshots, each with the reason why it cannot be used
     */
    record Found(Optional<Snapshot> from, List<String> passedOver) {
        Found {
            passedOver = List.copyOf(passedOver);
        }

        Positions positions() {
            return from.map(Snapshot::positions).orElse(Positions.NONE);
        }
    }

    /** @param followed topics of a coordinator; a snapshot cannot be used if its positions in them are not in the log */
    SnapshotSearch(RunLog log, Set<Topic> followed) {
        this.log = log;
        this.followed = followed;
    }

    /** @throws RunLogException if the broker does not answer in time */
    Found newest() {
        Newest newest = new Newest();
        ask(Set.of(Topic.SNAPSHOTS), Positions.NONE, newest, newest.whole, "the snapshots of the teacher");
        List<String> passedOver = new ArrayList<>();
        for (Snapshot candidate : newest.descending()) {
            Optional<String> objection = objection(candidate);
            if (objection.isEmpty()) {
                return new Found(Optional.of(candidate), passedOver);
            }
            passedOver.add("step " + candidate.step() + ": " + objection.get());
        }
        return new Found(Optional.empty(), passedOver);
    }

    private Optional<String> objection(Snapshot candidate) {
        Next next = new Next(candidate.step() + 1);
        try {
            ask(followed, candidate.positions(), next, next.outcome, "the outcome of step " + next.step);
        } catch (RunLogException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
        return TeacherSnapshots.objection(candidate, next.outcome.getNow(Optional.empty()));
    }

    private void ask(Set<Topic> topics, Positions from, Receiver receiver, CompletableFuture<?> answer, String what) {
        Following following = log.follow(topics, OptionalInt.empty(), From.at(from), receiver);
        try {
            if (!following.await(answer, SILENCE_MAX)) {
                throw new RunLogException(
                        what + ": no answer for " + SILENCE_MAX.toSeconds() + " s; is the broker overloaded?", null);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new RunLogException("interrupted while reading " + what, e);
        } finally {
            following.close();
        }
    }

    /** Keeps the newest snapshots, and of several after one step the last. */
    private static final class Newest implements Receiver {
        private final SortedMap<Long, Snapshot> snapshots = new TreeMap<>();
        private final CompletableFuture<Boolean> whole = new CompletableFuture<>();

        @Override
        public synchronized boolean offer(Delivery delivery) {
            if (delivery.message() instanceof Snapshot snapshot) {
                snapshots.put(snapshot.step(), snapshot);
                if (snapshots.size() > CANDIDATES_MAX) {
                    snapshots.remove(snapshots.firstKey());
                }
            }
            return true;
        }

        @Override
        public void caughtUp() {
            whole.complete(true);
        }

        synchronized List<Snapshot> descending() {
            List<Snapshot> descending = new ArrayList<>();
            snapshots.values().forEach(s -> descending.add(0, s));
            return descending;
        }
    }

    /** Waits for the first outcome of a step. */
    private static final class Next implements Receiver {
        private final long step;
        private final CompletableFuture<Optional<Outcome>> outcome = new CompletableFuture<>();

        Next(long step) {
            this.step = step;
        }

        @Override
        public boolean offer(Delivery delivery) {
            if (delivery.message() instanceof Outcome found && found.step() == step) {
                outcome.complete(Optional.of(found));
            }
            return true;
        }

        @Override
        public void caughtUp() {
            outcome.complete(Optional.empty());
        }
    }
}
