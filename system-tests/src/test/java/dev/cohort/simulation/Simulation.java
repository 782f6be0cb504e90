package dev.cohort.simulation;

import dev.cohort.coordinator.Coordinator;
import dev.cohort.coordinator.speak.Standby;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.Nonsense;
import dev.cohort.simulation.SimulatedLog.Entry;
import dev.cohort.simulation.SimulatedLog.Partition;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** One run of a whole cohort in virtual time, from the start of its first process to the leave of its last peer. */
final class Simulation implements Surroundings {
    private static final String OPERATOR = "operator";
    /** How long a run may take after its last fault. */
    private static final long PATIENCE_MS = 30_000;
    /** Time for messages in flight when the last peer has left. */
    private static final long SETTLING_MS = 200;

    private final Scenario scenario;
    private final Sabotage sabotage;
    private final Parts parts;
    private final List<Invariant> invariants;
    private final VirtualTime time = new VirtualTime();
    private final SimulatedLog log;
    private final Beginnings beginnings;
    private final Roles roles;
    private final SplittableRandom random;
    private final SplittableRandom clocks;
    private final Nonsense nonsense;
    private final Trace trace;
    private final SortedMap<String, SimulatedProcess> processes = new TreeMap<>();
    private final SortedMap<String, PeerProcess> peers = new TreeMap<>();
    private final List<Prediction> forgeries = new ArrayList<>();
    /** Peers that will join again once they have left. */
    private final SortedSet<String> returning = new TreeSet<>();

    /** When each step was closed. */
    private final SortedMap<Long, Long> closedMs = new TreeMap<>();
    /** Largest lag of each peer behind the outcomes when one was published. */
    private final SortedMap<String, Long> lags = new TreeMap<>();

    private boolean lostEvaluations;

    Simulation(Scenario scenario, Sabotage sabotage, boolean keepsTrace) {
        this.scenario = scenario;
        this.sabotage = sabotage;
        parts = new Parts(scenario);
        random = new SplittableRandom(scenario.seed() + 1);
        clocks = random.split();
        nonsense = new Nonsense(scenario.seed());
        log = new SimulatedLog(scenario.predictionPartitions());
        beginnings = new Beginnings(log, sabotage);
        roles = new Roles(scenario, sabotage, parts, beginnings, this::start);
        trace = new Trace(keepsTrace);
        invariants = Invariant.all(this);
    }

    /** Runs to the end; throws {@link Invariant.Violation} when a promise is broken. */
    void run() {
        stage();
        scenario.faults().forEach(fault -> time.at(fault.atMs(), () -> happens(fault)));
        long limitMs = scenario.faultsEndMs() + PATIENCE_MS;
        while (!done() && time.step(limitMs)) {
            // invariants are checked meanwhile
        }
        long settledMs = Math.min(limitMs, time.nowMs() + SETTLING_MS);
        while (time.step(settledMs)) {
            // messages in flight arrive
        }
        invariants.forEach(invariant -> invariant.ended(this));
    }

    /** Runs to the end, and counts the steps with an outcome before {@code atMs}. */
    long closedBy(long atMs) {
        run();
        return closedMs.values().stream().filter(ms -> ms < atMs).count();
    }

    /** When each step got its outcome. */
    SortedMap<Long, Long> closedMs() {
        return closedMs;
    }

    /** Largest lag of a peer behind the outcomes, in steps. */
    long worstLag(String peer) {
        return lags.getOrDefault(peer, 0L);
    }

    private boolean done() {
        if (time.nowMs() <= scenario.faultsEndMs()) {
            return false;
        }
        endWaitingPeers();
        return returning.isEmpty() && peers.values().stream().allMatch(PeerProcess::done);
    }

    private void stage() {
        roles.stage();
        for (PeerPlan plan : scenario.peers()) {
            PeerProcess peer = peer(plan.id().value(), plan, new MemoryCheckpoints());
            time.at(plan.startsAtMs(), peer::start);
        }
    }

    private PeerProcess peer(String name, PeerPlan plan, MemoryCheckpoints disk) {
        PeerProcess peer =
                new PeerProcess(name, plan, disk, parts, sabotage, this, clock(), this::started, this::updated);
        peers.put(name, peer);
        processes.put(name, peer.process());
        return peer;
    }

    private void start(String name, Predicate<Partition> reads, Supplier<Node> node) {
        SimulatedProcess process = processes.computeIfAbsent(
                name,
                n -> new SimulatedProcess(
                        n, this, clock(), reads, entry -> beginnings.seen(n, entry), () -> random.nextInt(2)));
        process.start(node.get(), beginnings.of(name));
    }

    private SimulatedClock clock() {
        return new SimulatedClock(clocks.nextLong(100_000) - 50_000, 900 + clocks.nextInt(201));
    }

    private void happens(Fault fault) {
        if (fault instanceof Fault.Crash crash) {
            crash(crash);
        } else if (fault instanceof Fault.Blackout blackout) {
            List.copyOf(processes.keySet())
                    .forEach(name ->
                            crash(new Fault.Crash(blackout.atMs(), name, blackout.downMs(), Fault.Damage.NONE)));
        } else if (fault instanceof Fault.Kill kill) {
            whenPresent(kill.process(), () -> peer(kill.process()).kill());
        } else if (fault instanceof Fault.CoordinatorLost) {
            lose("c1");
        } else if (fault instanceof Fault.CutOff cut) {
            SimulatedProcess process = process(cut.process());
            process.isolate();
            time.after(cut.forMs(), process::heal);
        } else if (fault instanceof Fault.Freeze freeze) {
            process(freeze.process()).freeze(freeze.forMs());
        } else if (fault instanceof Fault.Stall stall) {
            peer(stall.peer()).stall(stall.forMs());
        } else if (fault instanceof Fault.Diverge diverge) {
            peer(diverge.peer()).diverge();
        } else if (fault instanceof Fault.SecondCoordinator second) {
            roles.startCoordinator(second.name());
        } else if (fault instanceof Fault.SecondAugmenter) {
            roles.startAugmenter("augmenter2");
        } else if (fault instanceof Fault.Twin twin) {
            PeerProcess first = peer(twin.peer());
            if (!first.done()) {
                peer(twin.peer() + "-twin", first.plan(), first.checkpoints()).start();
            }
        } else if (fault instanceof Fault.Drain drain) {
            PeerId drained = new PeerId(drain.peer());
            whenPresent(
                    drain.peer(),
                    () -> append(
                            OPERATOR,
                            Command.drain(drained, peer(drain.peer()).incarnation(), "asked by an operator")));
        } else if (fault instanceof Fault.Return back) {
            comeBack(peer(back.peer()));
            returning.add(back.peer());
        } else if (fault instanceof Fault.Stop) {
            append(OPERATOR, new Command(Command.Kind.STOP, Optional.empty(), "asked by an operator"));
        } else if (fault instanceof Fault.Forgery forgery) {
            forge(forgery);
        } else if (fault instanceof Fault.FalseSnapshot snapshot) {
            beginnings.forged(snapshot.lie()).ifPresent(forged -> append("forger", forged));
        }
    }

    private void comeBack(PeerProcess peer) {
        time.after(20, () -> {
            if (!peer.done()) {
                comeBack(peer);
                return;
            }
            returning.remove(peer.id().value());
            if (peer.exited()) {
                peer.comeBack();
            }
        });
    }

    /** Waits for a peer's first heartbeat: a peer lost before it ends the run at the start deadline, which hides the fault. */
    private void whenPresent(String peer, Runnable action) {
        boolean present = log.messages(new Partition(Topic.MEMBERS, "")).stream()
                .anyMatch(
                        m -> m instanceof Heartbeat beat && beat.peer().value().equals(peer));
        time.after(present ? 0 : 20, present ? action : () -> whenPresent(peer, action));
    }

    private void crash(Fault.Crash crash) {
        PeerProcess peer = peers.get(crash.process());
        if (peer != null) {
            peer.crash(crash.downMs(), crash.damage());
        } else if (process(crash.process()).alive()) {
            process(crash.process()).crash();
            time.after(crash.downMs(), () -> roles.restart(crash.process()));
        }
    }

    private void lose(String coordinator) {
        if (process(coordinator).alive()) {
            process(coordinator).crash();
        }
        roles.lose(coordinator);
    }

    private void forge(Fault.Forgery forgery) {
        List<Batch> open = log.all(Topic.BATCHES, Batch.class);
        open = open.subList(Math.max(0, open.size() - Scenario.AHEAD_MAX), open.size());
        if (open.isEmpty()) {
            return;
        }
        PeerProcess peer = peer(forgery.peer());
        Batch batch = open.get(random.nextInt(open.size()));
        boolean features = parts.teacher().reads().contains(TensorName.FEATURES);
        Prediction innocent = Lies.innocent(
                batch,
                peer.id(),
                Math.max(1, peer.incarnation()),
                peer.slot().orElse(0),
                features ? Optional.of(scenario.hidden()) : Optional.empty());
        Entry forged = lie("forger", innocent, forgery.lie());
        if (forged.readable() && forged.message() instanceof Prediction prediction) {
            forgeries.add(prediction);
        }
        appended(forged);
    }

    private Entry lie(String writer, Prediction honest, Fault.Lie lie) {
        Prediction distorted = Lies.distorted(honest, lie);
        byte[] record = Lies.distorted(log.encode(writer, distorted), lie, nonsense);
        return log.append(writer, log.predictions(log.speaker(record).orElse(distorted.peer())), record);
    }

    private void started(PeerProcess peer) {
        invariants.forEach(invariant -> invariant.started(peer));
    }

    private void updated(PeerUpdate update) {
        note(update.peer().process(), "trains", update.update().weights());
        invariants.forEach(invariant -> invariant.updated(update));
    }

    @Override
    public void append(String writer, Message message) {
        Optional<Fault.Lie> lie =
                Optional.ofNullable(peers.get(writer)).flatMap(p -> p.plan().lies());
        if (message instanceof Prediction prediction && lie.isPresent()) {
            appended(lie(writer, prediction, lie.get()));
            return;
        }
        byte[] record = sabotage.record(message, log.encode(writer, message));
        Entry entry = log.append(writer, log.partition(message), record);
        if (!entry.reads(message)) {
            throw new Invariant.Violation(
                    "EverythingSaidCanBeRead: " + writer + " writes " + message + ", read as " + entry.decoding());
        }
        appended(entry);
    }

    private void appended(Entry entry) {
        if (entry.readable()) {
            published(entry, entry.message());
        } else {
            trace.note(time.nowMs(), entry.writer(), "appends", "an unreadable record");
        }
        processes.values().forEach(process -> process.hasRecords(entry.partition()));
    }

    private void published(Entry entry, Message message) {
        trace.note(time.nowMs(), entry.writer(), "appends", message);
        invariants.forEach(invariant -> invariant.appended(entry));
        if (message instanceof Outcome outcome && closedMs.putIfAbsent(outcome.step(), time.nowMs()) == null) {
            peers.forEach((name, peer) -> peer.peer()
                    .ifPresent(p -> lags.merge(name, outcome.step() - p.status().step(), Math::max)));
        }
        if (message instanceof Admitted admission) {
            peers.values().forEach(peer -> peer.admitted(admission));
        } else if (message instanceof Left left) {
            peers.values().forEach(peer -> peer.left(left));
        }
    }

    @Override
    public void lost(SimulatedProcess process, List<Message> messages) {
        lostEvaluations |= messages.stream().anyMatch(Evaluation.class::isInstance);
        boolean leaves = messages.stream().anyMatch(Left.class::isInstance);
        if (leaves) {
            peers.values().stream().filter(p -> p.process() == process).forEach(PeerProcess::couldNotLeave);
        }
    }

    @Override
    public void worked(SimulatedProcess process, List<Message> sent) {
        invariants.forEach(invariant -> invariant.worked(process, sent));
        if (roles.done(process.name())) {
            process.exit();
        }
    }

    /** Once the coordinators have ended, no peer can get a seat; the launcher ends those that wait for one. */
    private void endWaitingPeers() {
        SortedMap<String, Coordinator> coordinators = coordinators();
        boolean over = coordinators.keySet().stream().map(this::process).noneMatch(SimulatedProcess::alive);
        if (over && coordinators.values().stream().allMatch(Coordinator::finished)) {
            peers.values().stream().filter(PeerProcess::waitsForASeat).forEach(PeerProcess::kill);
        }
    }

    @Override
    public void note(SimulatedProcess process, String what, Object subject) {
        trace.note(time.nowMs(), process.name(), what, subject);
    }

    @Override
    public VirtualTime time() {
        return time;
    }

    @Override
    public SimulatedLog log() {
        return log;
    }

    @Override
    public Weather weather() {
        return time.nowMs() < scenario.faultsEndMs() ? scenario.weather() : Weather.CALM;
    }

    @Override
    public SplittableRandom random() {
        return random;
    }

    Scenario scenario() {
        return scenario;
    }

    Parts parts() {
        return parts;
    }

    Trace trace() {
        return trace;
    }

    private SimulatedProcess process(String name) {
        return Optional.ofNullable(processes.get(name)).orElseThrow();
    }

    private PeerProcess peer(String name) {
        return Optional.ofNullable(peers.get(name)).orElseThrow();
    }

    /** All peers that ever started. */
    List<PeerProcess> peers() {
        return List.copyOf(peers.values());
    }

    /** Whether a producer failed to send an evaluation, which ends its process in production. */
    boolean lostEvaluations() {
        return lostEvaluations;
    }

    /** Forged predictions that could be read. */
    List<Prediction> forgeries() {
        return forgeries;
    }

    /** Positions from which coordinators began to read. */
    Beginnings beginnings() {
        return beginnings;
    }

    /** The newest start of each standby by name. */
    SortedMap<String, Standby> standbys() {
        return roles.standbys();
    }

    /** The newest start of each coordinator by name, without lost ones. */
    SortedMap<String, Coordinator> coordinators() {
        return roles.coordinators();
    }
}
