package dev.cohort.simulation;

import dev.cohort.augment.Augmenter;
import dev.cohort.coordinator.Coordinator;
import dev.cohort.coordinator.SnapshotPositions;
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

/** One run of a whole cohort in virtual time, from its first process to the last goodbye. */
final class Simulation implements Surroundings {
    private static final String OPERATOR = "operator";
    /** How long a run may take once nothing goes wrong any more. */
    private static final long PATIENCE_MS = 30_000;
    /** What is still under way when the last peer has left. */
    private static final long SETTLING_MS = 200;

    private final Scenario scenario;
    private final Sabotage sabotage;
    private final Parts parts;
    private final List<Invariant> invariants;
    private final VirtualTime time = new VirtualTime();
    private final SimulatedLog log;
    private final Beginnings beginnings;
    private final SplittableRandom random;
    private final SplittableRandom clocks;
    private final Nonsense nonsense;
    private final Trace trace;
    private final SortedMap<String, SimulatedProcess> processes = new TreeMap<>();
    private final SortedMap<String, PeerProcess> peers = new TreeMap<>();
    private final SortedMap<String, Coordinator> coordinators = new TreeMap<>();
    private final SortedMap<String, Standby> standbys = new TreeMap<>();
    private final SortedSet<String> lost = new TreeSet<>();
    private final SortedMap<String, Augmenter> augmenters = new TreeMap<>();
    private final List<Prediction> forgeries = new ArrayList<>();
    /** Peers that will join again once they have left. */
    private final SortedSet<String> toCome = new TreeSet<>();

    /** When each step was closed. */
    private final SortedMap<Long, Long> closedMs = new TreeMap<>();
    /** The most steps each peer was behind the outcomes when one was said. */
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
        trace = new Trace(keepsTrace);
        invariants = Invariant.all(this);
    }

    /** Runs to the end; throws {@link Invariant.Violation} when a promise is broken. */
    void run() {
        stage();
        scenario.faults().forEach(fault -> time.at(fault.atMs(), () -> happens(fault)));
        long limitMs = scenario.faultsEndMs() + PATIENCE_MS;
        while (!done() && time.step(limitMs)) {
            // invariants are checked on the way
        }
        long settledMs = Math.min(limitMs, time.nowMs() + SETTLING_MS);
        while (time.step(settledMs)) {
            // what is under way arrives
        }
        invariants.forEach(invariant -> invariant.ended(this));
    }

    /** Runs to the end, and counts the steps that had an outcome by then. */
    long closedBy(long atMs) {
        run();
        return closedMs.values().stream().filter(ms -> ms < atMs).count();
    }

    /** When each step got its outcome. */
    SortedMap<Long, Long> closedMs() {
        return closedMs;
    }

    /** The most steps that a peer was ever behind the outcomes. */
    long worstLag(String peer) {
        return lags.getOrDefault(peer, 0L);
    }

    private boolean done() {
        if (time.nowMs() <= scenario.faultsEndMs()) {
            return false;
        }
        sendHomeWhoCameTooLate();
        return toCome.isEmpty() && peers.values().stream().allMatch(PeerProcess::done);
    }

    private void stage() {
        startAugmenter("augmenter");
        startCoordinator("c1");
        switch (scenario.second()) {
            case NONE -> {}
            case SPEAKS -> startCoordinator("c2");
            case STANDS_BY -> startStandby("c2");
        }
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

    private void startAugmenter(String name) {
        start(name, this::readByAugmenter, () -> {
            Augmenter augmenter = parts.augmenter();
            augmenters.put(name, augmenter);
            return sabotage.augmenter(augmenter);
        });
    }

    private boolean readByAugmenter(Partition partition) {
        return switch (partition.topic()) {
            case BATCHES, OUTCOMES, MEMBERS, CONTROL -> true;
            default -> false;
        };
    }

    private boolean readByCoordinator(Partition partition) {
        return switch (partition.topic()) {
            case RUN, ADDRESSED, SNAPSHOTS -> false;
            default -> true;
        };
    }

    private Node coordinator(String name) {
        Coordinator coordinator = parts.coordinator(
                name,
                sabotage.teacher(parts.teacher()),
                sabotage.elastic(scenario.experiment().elastic()),
                beginnings.next(name));
        coordinators.put(name, coordinator);
        return sabotage.coordinator(new SnapshotPositions(coordinator, beginnings.offsets(name)));
    }

    private void startCoordinator(String name) {
        start(name, this::readByCoordinator, () -> coordinator(name));
    }

    private void startStandby(String name) {
        start(name, this::readByCoordinator, () -> {
            Standby standby = new Standby(coordinator(name), name, Scenario.PATIENCE_MS);
            standbys.put(name, standby);
            return sabotage.standby(standby);
        });
    }

    private void start(
            String name, java.util.function.Predicate<Partition> reads, java.util.function.Supplier<Node> node) {
        SimulatedProcess process = processes.computeIfAbsent(
                name,
                n -> new SimulatedProcess(
                        n, this, clock(), reads, entry -> beginnings.seen(n, entry), () -> random.nextInt(2)));
        process.start(node.get(), beginnings.of(name));
    }

    private SimulatedClock clock() {
        return new SimulatedClock(clocks.nextLong(100_000) - 50_000, 900 + clocks.nextInt(201));
    }

    private void restart(String name) {
        if (augmenters.containsKey(name)) {
            startAugmenter(name);
        } else if (standbys.containsKey(name)) {
            startStandby(name);
        } else {
            startCoordinator(name);
        }
    }

    private void happens(Fault fault) {
        if (fault instanceof Fault.Crash crash) {
            crash(crash);
        } else if (fault instanceof Fault.Blackout blackout) {
            List.copyOf(processes.keySet())
                    .forEach(name ->
                            crash(new Fault.Crash(blackout.atMs(), name, blackout.downMs(), Fault.Damage.NONE)));
        } else if (fault instanceof Fault.Kill kill) {
            whenHeardOf(kill.process(), () -> peer(kill.process()).kill());
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
            startCoordinator(second.name());
        } else if (fault instanceof Fault.SecondAugmenter) {
            startAugmenter("augmenter2");
        } else if (fault instanceof Fault.Twin twin) {
            PeerProcess first = peer(twin.peer());
            if (!first.done()) {
                peer(twin.peer() + "-twin", first.plan(), first.checkpoints()).start();
            }
        } else if (fault instanceof Fault.Drain drain) {
            PeerId whom = new PeerId(drain.peer());
            whenHeardOf(
                    drain.peer(),
                    () -> append(
                            OPERATOR, Command.drain(whom, peer(drain.peer()).incarnation(), "asked by an operator")));
        } else if (fault instanceof Fault.Return back) {
            comeBack(peer(back.peer()));
            toCome.add(back.peer());
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
            toCome.remove(peer.id().value());
            if (peer.exited()) {
                peer.comeBack();
            }
        });
    }

    /** A peer that is lost before anybody knew it ends the run at its start deadline: not what is to be seen here. */
    private void whenHeardOf(String peer, Runnable action) {
        boolean heard = log.messages(new Partition(Topic.MEMBERS, "")).stream()
                .anyMatch(
                        m -> m instanceof Heartbeat beat && beat.peer().value().equals(peer));
        time.after(heard ? 0 : 20, heard ? action : () -> whenHeardOf(peer, action));
    }

    private void crash(Fault.Crash crash) {
        PeerProcess peer = peers.get(crash.process());
        if (peer != null) {
            peer.crash(crash.downMs(), crash.damage());
        } else if (process(crash.process()).alive()) {
            process(crash.process()).crash();
            time.after(crash.downMs(), () -> {
                if (!lost.contains(crash.process())) {
                    restart(crash.process());
                }
            });
        }
    }

    /** Nobody starts it again, nor waits for what it would say. */
    private void lose(String coordinator) {
        if (process(coordinator).alive()) {
            process(coordinator).crash();
        }
        coordinators.remove(coordinator);
        lost.add(coordinator);
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
        if (forged.readable() && forged.message() instanceof Prediction said) {
            forgeries.add(said);
        }
        appended(forged);
    }

    private Entry lie(String writer, Prediction said, Fault.Lie lie) {
        Prediction distorted = Lies.distorted(said, lie);
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
        if (message instanceof Prediction said && lie.isPresent()) {
            appended(lie(writer, said, lie.get()));
            return;
        }
        byte[] record = sabotage.record(message, log.encode(writer, message));
        Entry entry = log.append(writer, log.partition(message), record);
        if (!entry.says(message)) {
            throw new Invariant.Violation(
                    "EverythingSaidCanBeRead: " + writer + " says " + message + ", read as " + entry.decoding());
        }
        appended(entry);
    }

    private void appended(Entry entry) {
        if (entry.readable()) {
            said(entry, entry.message());
        } else {
            trace.note(time.nowMs(), entry.writer(), "appends", "what nobody can read");
        }
        processes.values().forEach(process -> process.hasRecords(entry.partition()));
    }

    private void said(Entry entry, Message message) {
        trace.note(time.nowMs(), entry.writer(), "appends", message);
        invariants.forEach(invariant -> invariant.appended(entry));
        if (message instanceof Outcome outcome && closedMs.putIfAbsent(outcome.step(), time.nowMs()) == null) {
            peers.forEach((name, peer) -> peer.peer()
                    .ifPresent(p -> lags.merge(name, outcome.step() - p.status().step(), Math::max)));
        }
        if (message instanceof Admitted admission) {
            peers.values().forEach(peer -> peer.admitted(admission));
        } else if (message instanceof Left left) {
            peers.values().forEach(peer -> peer.said(left));
        }
    }

    @Override
    public void lost(SimulatedProcess process, List<Message> messages) {
        lostEvaluations |= messages.stream().anyMatch(Evaluation.class::isInstance);
        boolean goodbye = messages.stream().anyMatch(Left.class::isInstance);
        if (goodbye) {
            peers.values().stream().filter(p -> p.process() == process).forEach(PeerProcess::couldNotSayGoodbye);
        }
    }

    @Override
    public void worked(SimulatedProcess process, List<Message> said) {
        invariants.forEach(invariant -> invariant.worked(process, said));
        boolean decided = Optional.ofNullable(coordinators.get(process.name()))
                .map(Coordinator::finished)
                .orElse(false);
        boolean nothingDue = Optional.ofNullable(standbys.get(process.name()))
                .map(Standby::nothingDue)
                .orElse(true);
        boolean sent = Optional.ofNullable(augmenters.get(process.name()))
                .map(Augmenter::finished)
                .orElse(false);
        boolean over = (decided && nothingDue) || sent;
        if (over) {
            process.exit();
        }
    }

    /** When the coordinators have ended there is nobody left to give a newcomer a seat; the launcher ends it. */
    private void sendHomeWhoCameTooLate() {
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

    /** All peers there ever were. */
    List<PeerProcess> peers() {
        return List.copyOf(peers.values());
    }

    /** Whether a producer gave up on an evaluation; in production that ends its process. */
    boolean lostEvaluations() {
        return lostEvaluations;
    }

    /** What was said in others' names. */
    List<Prediction> forgeries() {
        return forgeries;
    }

    /** Where coordinators began to read. */
    Beginnings beginnings() {
        return beginnings;
    }

    /** The standbys' newest lives by name. */
    SortedMap<String, Standby> standbys() {
        return standbys;
    }

    /** The coordinators' newest lives by name, without those that are lost. */
    SortedMap<String, Coordinator> coordinators() {
        return coordinators;
    }
}
