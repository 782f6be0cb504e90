package dev.cohort.simulation;

import dev.cohort.augment.Augmenter;
import dev.cohort.coordinator.Coordinator;
import dev.cohort.coordinator.SnapshotPositions;
import dev.cohort.coordinator.speak.Standby;
import dev.cohort.protocol.Node;
import dev.cohort.simulation.SimulatedLog.Partition;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.function.Supplier;

/** The augmenters and coordinators of a simulation: how each starts, and when it is done. */
final class Roles {
    private final Scenario scenario;
    private final Sabotage sabotage;
    private final Parts parts;
    private final Beginnings beginnings;
    private final Start processes;

    private final SortedMap<String, Augmenter> augmenters = new TreeMap<>();
    private final SortedMap<String, Coordinator> coordinators = new TreeMap<>();
    private final SortedMap<String, Standby> standbys = new TreeMap<>();
    private final SortedSet<String> lost = new TreeSet<>();

    /** Starts the process of a role, or starts it again. */
    interface Start {
        void start(String name, Predicate<Partition> reads, Supplier<Node> node);
    }

    Roles(Scenario scenario, Sabotage sabotage, Parts parts, Beginnings beginnings, Start processes) {
        this.scenario = scenario;
        this.sabotage = sabotage;
        this.parts = parts;
        this.beginnings = beginnings;
        this.processes = processes;
    }

    /** Starts the roles that a run begins with. */
    void stage() {
        startAugmenter("augmenter");
        startCoordinator("c1");
        switch (scenario.second()) {
            case NONE -> {}
            case SPEAKS -> startCoordinator("c2");
            case STANDS_BY -> startStandby("c2");
        }
    }

    void startAugmenter(String name) {
        processes.start(name, Roles::readByAugmenter, () -> {
            Augmenter augmenter = parts.augmenter();
            augmenters.put(name, augmenter);
            return sabotage.augmenter(augmenter);
        });
    }

    void startCoordinator(String name) {
        processes.start(name, Roles::readByCoordinator, () -> coordinator(name));
    }

    private void startStandby(String name) {
        processes.start(name, Roles::readByCoordinator, () -> {
            Standby standby = new Standby(coordinator(name), name, Scenario.PATIENCE_MS);
            standbys.put(name, standby);
            return sabotage.standby(standby);
        });
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

    private static boolean readByAugmenter(Partition partition) {
        return switch (partition.topic()) {
            case BATCHES, OUTCOMES, MEMBERS, CONTROL -> true;
            default -> false;
        };
    }

    private static boolean readByCoordinator(Partition partition) {
        return switch (partition.topic()) {
            case RUN, ADDRESSED, GRADIENTS, SNAPSHOTS -> false;
            default -> true;
        };
    }

    /** Starts a crashed role again, unless it is lost. */
    void restart(String name) {
        if (lost.contains(name)) {
            return;
        }
        if (augmenters.containsKey(name)) {
            startAugmenter(name);
        } else if (standbys.containsKey(name)) {
            startStandby(name);
        } else {
            startCoordinator(name);
        }
    }

    /** The coordinator is not started again, and nothing waits for its messages. */
    void lose(String coordinator) {
        coordinators.remove(coordinator);
        lost.add(coordinator);
    }

    /** Whether a role has finished its work. */
    boolean done(String name) {
        boolean decided = Optional.ofNullable(coordinators.get(name))
                .map(Coordinator::finished)
                .orElse(false);
        boolean nothingDue =
                Optional.ofNullable(standbys.get(name)).map(Standby::nothingDue).orElse(true);
        boolean sent = Optional.ofNullable(augmenters.get(name))
                .map(Augmenter::finished)
                .orElse(false);
        return (decided && nothingDue) || sent;
    }

    /** The newest start of each standby by name. */
    SortedMap<String, Standby> standbys() {
        return standbys;
    }

    /** The newest start of each coordinator by name, without lost ones. */
    SortedMap<String, Coordinator> coordinators() {
        return coordinators;
    }
}
