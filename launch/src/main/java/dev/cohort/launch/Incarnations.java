package dev.cohort.launch;

import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.Delivery;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.Receiver;
import dev.cohort.runtime.kafka.Following;
import dev.cohort.runtime.kafka.From;
import dev.cohort.runtime.kafka.KafkaAddress;
import dev.cohort.runtime.kafka.RunLog;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;

/** Counts the starts of a peer from the log where no launcher does: in a container, or on another machine. */
public final class Incarnations implements Receiver {
    private static final Duration SILENCE_MAX = Duration.ofSeconds(60);
    /** A present peer has published among this many newest records: they are heartbeats, a few per second. */
    private static final long NEWEST = 20_000;
    /** Several heartbeats long. */
    private static final Duration LISTEN = Duration.ofSeconds(2);

    private final PeerId peer;
    private final AtomicLong highest = new AtomicLong();
    /** Whether the peer has published a heartbeat and has not left since. */
    private volatile boolean present;
    /** Whether the records that exist at the start have been read. */
    private volatile boolean following;
    /** Whether a heartbeat of the peer was published after that. */
    private volatile boolean alive;

    private final CompletableFuture<Boolean> read = new CompletableFuture<>();

    private Incarnations(PeerId peer) {
        this.peer = peer;
    }

    /**
     * One more than the highest incarnation in the log, 1 when the peer has published nothing.
     *
     * @throws CommandException when the log cannot be read in time
     */
    public static long next(KafkaAddress address, String run, PeerId peer) {
        return newest(new RunPlace(run, address), peer) + 1;
    }

    /**
     * The highest incarnation in the log, 0 when the peer has published nothing.
     *
     * @throws CommandException when the log cannot be read in time
     */
    public static long newest(RunPlace place, PeerId peer) {
        return read(place, peer, Duration.ZERO).highest.get();
    }

    /**
     * One more than the highest incarnation in the log, for a peer that is started by hand.
     *
     * @throws CommandException when a running peer has that id, or the log cannot be read in time
     */
    public static long ofNewcomer(KafkaAddress address, String run, PeerId peer) {
        Incarnations seen = read(new RunPlace(run, address), peer, LISTEN);
        if (seen.alive) {
            throw new CommandException(
                    ExitCode.USAGE,
                    "peer " + peer + ": a running peer of run " + run
                            + " has this id; choose another with --peer, or drain that peer with 'cohort drain " + peer
                            + "'");
        }
        return seen.highest.get() + 1;
    }

    /** @param listen how long to wait for heartbeats of the peer after all existing records */
    private static Incarnations read(RunPlace place, PeerId peer, Duration listen) {
        Incarnations lately = read(place, peer, listen, From.nearEnd(NEWEST, Set.of()));
        return lately.highest.get() > 0 ? lately : read(place, peer, listen, From.BEGINNING);
    }

    private static Incarnations read(RunPlace place, PeerId peer, Duration listen, From from) {
        Incarnations seen = new Incarnations(peer);
        try (RunLog log = place.connect();
                Following following = log.follow(Set.of(Topic.MEMBERS), OptionalInt.empty(), from, seen)) {
            boolean whole = following.await(seen.read, SILENCE_MAX);
            if (!whole) {
                throw new CommandException(
                        ExitCode.UNAVAILABLE,
                        "run " + place.id() + ": broker " + place.address() + " sent no member records for "
                                + SILENCE_MAX.toSeconds() + " s; the machine or the broker is too busy, try again");
            }
            if (seen.present) {
                // Heartbeats arrive meanwhile, unless the peer is dead.
                LockSupport.parkNanos(listen.toNanos());
            }
            return seen;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException(
                    ExitCode.FAILED, "interrupted while reading the members of run " + place.id(), e);
        }
    }

    @Override
    public boolean offer(Delivery delivery) {
        Message message = delivery.message();
        if (message instanceof Joining joining && joining.peer().equals(peer)) {
            seen(joining.incarnation());
        } else if (message instanceof Heartbeat heartbeat && heartbeat.peer().equals(peer)) {
            alive |= following;
            present = true;
            seen(heartbeat.incarnation());
        } else if (message instanceof Left left && left.peer().equals(peer)) {
            present = false;
            seen(left.incarnation());
        }
        return true;
    }

    private void seen(long incarnation) {
        highest.accumulateAndGet(incarnation, Math::max);
    }

    @Override
    public void caughtUp() {
        following = true;
        read.complete(true);
    }
}
