package dev.cohort.simulation;

import dev.cohort.peer.Bookmarks;
import dev.cohort.peer.CheckpointStore.Checkpoint;
import dev.cohort.peer.Heartbeats;
import dev.cohort.peer.Peer;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Node;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Topic;
import dev.cohort.simulation.SimulatedLog.Entry;
import dev.cohort.simulation.SimulatedLog.Partition;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** A peer over all its starts: its process, its disk, and the launcher that restarts it. */
final class PeerProcess {
    private final PeerPlan plan;
    private final Parts parts;
    private final Sabotage sabotage;
    private final Surroundings around;
    private final Consumer<PeerProcess> started;
    private final Consumer<PeerUpdate> updated;
    private final SimulatedProcess process;
    private final MemoryCheckpoints checkpoints;
    private long incarnation;
    private Optional<Life> life = Optional.empty();
    private Optional<Bookmarks> bookmarks = Optional.empty();
    private Optional<Integer> slot;
    private boolean exited;
    private boolean killed;
    private boolean cameBack;
    private boolean diverged;

    /** One start of the process. */
    private record Life(Peer peer, RecordingLearner learner, Optional<Checkpoint> from) {}

    /** @param checkpoints its disk, which a second process of the same peer shares */
    PeerProcess(
            String name,
            PeerPlan plan,
            MemoryCheckpoints checkpoints,
            Parts parts,
            Sabotage sabotage,
            Surroundings around,
            SimulatedClock clock,
            Consumer<PeerProcess> started,
            Consumer<PeerUpdate> updated) {
        this.plan = plan;
        this.checkpoints = checkpoints;
        this.parts = parts;
        this.sabotage = sabotage;
        this.around = around;
        this.started = started;
        this.updated = updated;
        slot = parts.slot(plan);
        process = new SimulatedProcess(
                name,
                around,
                clock,
                this::reads,
                this::seen,
                () -> life.map(l -> l.learner().takeSpentMs()).orElse(0L));
    }

    private void seen(Entry entry) {
        bookmarks.ifPresent(b -> b.seen(entry.place(), entry.offset(), entry.message()));
    }

    private boolean reads(Partition partition) {
        return switch (partition.topic()) {
            case BATCHES, OUTCOMES, MEMBERS, CONTROL -> true;
            case ADDRESSED, GRADIENTS ->
                slot.map(s -> partition.key().equals(Integer.toString(s))).orElse(false);
            default -> false;
        };
    }

    PeerPlan plan() {
        return plan;
    }

    PeerId id() {
        return plan.id();
    }

    SimulatedProcess process() {
        return process;
    }

    long incarnation() {
        return incarnation;
    }

    MemoryCheckpoints checkpoints() {
        return checkpoints;
    }

    /** Its slot, once it knows it. */
    Optional<Integer> slot() {
        return slot;
    }

    /** The node of the newest start. */
    Optional<Peer> peer() {
        return life.map(Life::peer);
    }

    /** What the newest start began with. */
    Optional<Checkpoint> from() {
        return life.flatMap(Life::from);
    }

    Optional<RecordingLearner> learner() {
        return life.map(Life::learner);
    }

    /** Whether its process has ended in order and is not restarted. */
    boolean exited() {
        return exited;
    }

    /** Whether it has published its leave, or is about to. */
    boolean leaves() {
        return peer().flatMap(Peer::left).isPresent();
    }

    boolean waitsForASeat() {
        return process.alive()
                && peer().map(p -> p.status().waitingFor().startsWith("a seat")).orElse(false);
    }

    boolean killed() {
        return killed;
    }

    /** Whether it trains on the labels alone. */
    boolean trainsAlone() {
        return plan.observer() || !parts.teacher().distils();
    }

    boolean done() {
        return exited || killed;
    }

    void start() {
        if (done() || process.alive()) {
            return;
        }
        incarnation = checkpoints.nextIncarnation();
        Optional<Checkpoint> from = checkpoints.newest();
        RecordingLearner learner = new RecordingLearner(
                parts.learner(plan), plan.computeMs(), update -> updated.accept(new PeerUpdate(this, update)));
        if (diverged) {
            learner.diverge();
        }
        Bookmarks marked = new Bookmarks(sabotage.checkpoints(checkpoints));
        bookmarks = Optional.of(marked);
        Peer peer = parts.peer(plan, incarnation, learner, marked);
        life = Optional.of(new Life(peer, learner, from));
        Node node = sabotage.peer(peer, plan, learner);
        started.accept(this);
        process.start(node, partition -> (int) marked.restored()
                .of(partition.topic(), partition.place().partition())
                .orElse(0));
        beat(incarnation, new Heartbeats(peer::status, Scenario.HEARTBEAT_MS));
    }

    /** The heartbeat thread. */
    private void beat(long of, Heartbeats heartbeats) {
        if (of == incarnation && process.alive()) {
            if (!process.frozen()) {
                process.append(
                        heartbeats.onDeadline(process.nowMs()), around.time().nowMs());
            }
            around.time().after(Scenario.HEARTBEAT_MS, () -> beat(of, heartbeats));
        }
    }

    /** It has left and joins again, with what is on its disk. */
    void comeBack() {
        exited = false;
        cameBack = true;
        start();
    }

    /** Whether it joined again after it had left. */
    boolean cameBack() {
        return cameBack;
    }

    void crash(long downMs, Fault.Damage damage) {
        if (process.alive() && !done()) {
            process.crash();
            checkpoints.suffer(damage);
            around.time().after(downMs, this::start);
        }
    }

    /** Training stands still, while the process lives on. */
    void stall(long forMs) {
        learner().ifPresent(l -> l.stall(forMs));
    }

    /** What it computes is not finite from now on. */
    void diverge() {
        diverged = true;
        learner().ifPresent(RecordingLearner::diverge);
    }

    /** Whether it can have diverged. */
    boolean diverged() {
        return diverged;
    }

    void kill() {
        killed = true;
        if (process.alive()) {
            process.crash();
        }
    }

    void admitted(Admitted admission) {
        if (admission.peer().equals(id()) && !admission.refused() && slot.isEmpty()) {
            slot = Optional.of(admission.slot());
            for (Topic topic : List.of(Topic.ADDRESSED, Topic.GRADIENTS)) {
                process.hasRecords(new Partition(topic, Integer.toString(admission.slot())));
            }
        }
    }

    /** Its leave is in the log: the process ends. */
    void left(Left left) {
        if (left.peer().equals(id()) && left.incarnation() == incarnation && process.alive()) {
            exited = true;
            process.exit();
        }
    }

    /** Its leave could not be appended: the process ends with an error, and the launcher restarts it. */
    void couldNotLeave() {
        if (peer().flatMap(Peer::left).isPresent()) {
            crash(20, Fault.Damage.NONE);
        }
    }
}
