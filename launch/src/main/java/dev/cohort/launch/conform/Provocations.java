package dev.cohort.launch.conform;

import dev.cohort.launch.chaos.Chaos;
import dev.cohort.launch.chaos.Disturbance;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.Delivery;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.Receiver;
import dev.cohort.runtime.kafka.Following;
import dev.cohort.runtime.kafka.From;
import dev.cohort.runtime.kafka.RunLog;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/** What is done to a peer that takes part in a run, one after the other, each after a few steps with the peer. */
final class Provocations {
    private static final long LOOK_MS = 50;
    /** Steps with the peer between two provocations. */
    private static final long STEPS_BETWEEN = 4;
    /** Steps in which it is left alone at first: an epoch ends within them. */
    private static final long STEPS_ALONE = 6;

    private static final int FALSE_OUTCOMES = 3;

    private final PeerId peer;
    private final RunLog log;
    private final Chaos chaos;
    private final long patienceS;
    private final Consumer<String> say;
    private final Seen seen;

    /** One provocation. */
    private interface Act {
        void carryOut() throws InterruptedException;
    }

    Provocations(PeerId peer, RunLog log, Chaos chaos, long patienceS, Consumer<String> say) {
        this.peer = peer;
        this.log = log;
        this.chaos = chaos;
        this.patienceS = patienceS;
        this.say = say;
        seen = new Seen(peer);
    }

    /**
     * Carries them out and ends the run.
     *
     * @throws CommandException when the peer does not take part, or the run does not go on with it
     */
    void carryOut() throws InterruptedException {
        EnumSet<Topic> followed =
                EnumSet.of(Topic.BATCHES, Topic.OUTCOMES, Topic.PREDICTIONS, Topic.MEMBERS, Topic.CONTROL);
        Following following = log.follow(followed, OptionalInt.empty(), From.BEGINNING, seen);
        try {
            await("a step with peer " + peer, () -> seen.with.get() > 0);
            say.accept("Peer " + peer + " takes part.");
            List<Act> acts = List.of(
                    this::anotherBatch,
                    this::anotherOutcome,
                    () -> chaos.carryOut(new Disturbance.Corrupt()),
                    () -> chaos.carryOut(new Disturbance.Duplicate()),
                    this::rejection,
                    () -> chaos.carryOut(new Disturbance.Kill("coordinator")),
                    () -> chaos.carryOut(new Disturbance.Kill("p1")));
            awaitSteps(STEPS_ALONE);
            for (Act act : acts) {
                act.carryOut();
                awaitSteps(STEPS_BETWEEN);
            }
            drain();
        } finally {
            following.close();
            // Also when the peer failed: its log can be judged all the same.
            log.append(List.of(new Command(Command.Kind.STOP, Optional.empty(), "the rehearsal is over")));
            say.accept("Ending the run.");
        }
    }

    private void awaitSteps(long steps) throws InterruptedException {
        long goal = seen.with.get() + steps;
        await(steps + " more steps with peer " + peer, () -> seen.with.get() >= goal || seen.left);
        if (seen.left) {
            throw new CommandException(ExitCode.FAILED, "peer " + peer + " left during the rehearsal");
        }
    }

    private void await(String what, BooleanSupplier done) throws InterruptedException {
        await(what, done, LOOK_MS);
    }

    private void await(String what, BooleanSupplier done, long lookMs) throws InterruptedException {
        long endNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(patienceS);
        while (!done.getAsBoolean()) {
            if (System.nanoTime() - endNanos > 0) {
                throw new CommandException(
                        ExitCode.FAILED,
                        "waited " + patienceS + " s for " + what + " (--patience): see the rules below");
            }
            TimeUnit.MILLISECONDS.sleep(lookMs);
        }
    }

    /** A second batch of the newest step, with pictures that nobody can have rendered. */
    private void anotherBatch() {
        seen.batch.ifPresent(batch -> {
            Digest nothing = new Hasher().text("no picture").digest();
            List<Digest> digests = batch.digests().stream().map(d -> nothing).toList();
            log.append(List.of(new Batch(
                    batch.step(),
                    batch.epoch(),
                    batch.endsEpoch(),
                    batch.labels(),
                    batch.recipe(),
                    digests,
                    batch.pixels())));
            say.accept("Published a second, false batch of step " + batch.step() + ".");
        });
    }

    /**
     * Second outcomes of steps with targets, without targets: each as soon as the first one is there, so that it may be read
     * before the update is reported.
     */
    private void anotherOutcome() throws InterruptedException {
        for (int i = 0; i < FALSE_OUTCOMES; i++) {
            long before = seen.outcome.map(Outcome::step).orElse(0L);
            await(
                    "an outcome with targets",
                    () -> seen.outcome.filter(o -> o.step() > before).isPresent(),
                    1);
            Outcome outcome = seen.outcome.orElseThrow();
            log.append(List.of(new Outcome(
                    outcome.step(),
                    0,
                    outcome.coordinator(),
                    outcome.stateBefore(),
                    List.of(),
                    new Outcome.Skipped(Outcome.SkipReason.TOO_FEW))));
            say.accept("Published a second, false outcome of step " + outcome.step() + ".");
        }
    }

    private void rejection() {
        long step = seen.predicted;
        log.append(List.of(new Rejection(step, 0, peer, Rejection.Reason.DIGEST, "a rehearsal, not true")));
        say.accept("Published a rejection of its prediction for step " + step + ".");
    }

    private void drain() throws InterruptedException {
        log.append(List.of(Command.drain(peer, seen.incarnation, "the rehearsal is over")));
        say.accept("Asked it to leave.");
        await("peer " + peer + " to leave", () -> seen.left);
    }

    /** What the log has shown so far; written by the thread that follows it. */
    private static final class Seen implements Receiver {
        private final PeerId peer;
        private final AtomicLong with = new AtomicLong();
        private volatile boolean left;
        private volatile long predicted = 1;
        private volatile long incarnation = 1;
        private volatile Optional<Batch> batch = Optional.empty();
        private volatile Optional<Outcome> outcome = Optional.empty();
        private long newestOutcome;

        Seen(PeerId peer) {
            this.peer = peer;
        }

        @Override
        public boolean offer(Delivery delivery) {
            if (delivery.message() instanceof Batch read
                    && read.step() > batch.map(Batch::step).orElse(0L)) {
                batch = Optional.of(read);
            } else if (delivery.message() instanceof Outcome read && read.step() > newestOutcome) {
                newestOutcome = read.step();
                take(read);
            } else if (delivery.message() instanceof Prediction read
                    && read.peer().equals(peer)) {
                predicted = read.step();
                incarnation = read.incarnation();
            } else if (delivery.message() instanceof Left read && read.peer().equals(peer)) {
                left = true;
            }
            return true;
        }

        private void take(Outcome read) {
            if (read.resolution() instanceof Outcome.Targets) {
                outcome = Optional.of(read);
            }
            if (read.contributors().stream().anyMatch(c -> c.peer().equals(peer))) {
                with.incrementAndGet();
            }
        }
    }
}
