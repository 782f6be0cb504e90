package dev.cohort.simulation;

import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Snapshot;
import dev.cohort.protocol.StepOffsets;
import dev.cohort.protocol.Topic;
import dev.cohort.simulation.SimulatedLog.Entry;
import dev.cohort.simulation.SimulatedLog.Partition;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.ToIntFunction;

/** Positions from which coordinators begin to read, as their command finds them in production, and forged snapshots. */
final class Beginnings {
    private static final Partition SNAPSHOTS = new Partition(Topic.SNAPSHOTS, "");
    private static final Partition OUTCOMES = new Partition(Topic.OUTCOMES, "");
    private static final String FORGER = "forger";

    private final SimulatedLog log;
    private final Sabotage sabotage;
    private final SortedMap<String, StepOffsets> offsets = new TreeMap<>();
    private int found;
    private int passedOver;

    Beginnings(SimulatedLog log, Sabotage sabotage) {
        this.log = log;
        this.sabotage = sabotage;
    }

    /** The snapshot that the next start of a coordinator resumes from. */
    Optional<Snapshot> next(String coordinator) {
        Optional<Snapshot> from = newest();
        StepOffsets fresh = new StepOffsets();
        fresh.begin(from.map(Snapshot::positions).orElse(Positions.NONE));
        offsets.put(coordinator, fresh);
        found += from.isPresent() ? 1 : 0;
        return from;
    }

    private Optional<Snapshot> newest() {
        SortedMap<Long, Snapshot> bySteps = new TreeMap<>();
        log.all(Topic.SNAPSHOTS, Snapshot.class).forEach(s -> bySteps.put(s.step(), s));
        while (!bySteps.isEmpty()) {
            Snapshot snapshot =
                    Optional.ofNullable(bySteps.remove(bySteps.lastKey())).orElseThrow();
            if (sabotage.objection(snapshot, outcomeAfter(snapshot)).isEmpty()) {
                return Optional.of(snapshot);
            }
            passedOver++;
        }
        return Optional.empty();
    }

    private Optional<Outcome> outcomeAfter(Snapshot snapshot) {
        return log.entries(OUTCOMES).stream()
                .skip(snapshot.positions().of(Topic.OUTCOMES, 0).orElse(0))
                .map(Entry::message)
                .filter(m -> m instanceof Outcome o && o.step() == snapshot.step() + 1)
                .map(Outcome.class::cast)
                .findFirst();
    }

    /** Position in each partition from which the newest start of a process reads. */
    ToIntFunction<Partition> of(String process) {
        Positions began = Optional.ofNullable(offsets.get(process))
                .map(StepOffsets::began)
                .orElse(Positions.NONE);
        return partition ->
                (int) began.of(partition.topic(), partition.place().partition()).orElse(0);
    }

    StepOffsets offsets(String coordinator) {
        return Optional.ofNullable(offsets.get(coordinator)).orElseThrow();
    }

    void seen(String process, Entry entry) {
        Optional.ofNullable(offsets.get(process))
                .ifPresent(o -> o.seen(entry.place(), entry.offset(), entry.message()));
    }

    /** The newest true snapshot with one fault in it, if there is one. */
    Optional<Snapshot> forged(Fault.SnapshotLie lie) {
        return log.entries(SNAPSHOTS).stream()
                .filter(e -> !e.writer().equals(FORGER))
                .map(e -> (Snapshot) e.message())
                .reduce((one, later) -> later)
                .map(s -> distorted(s, lie));
    }

    private static Snapshot distorted(Snapshot honest, Fault.SnapshotLie lie) {
        NamedTensors other = other(honest.state());
        return switch (lie) {
            case OTHER_STATE -> with(honest, other, honest.hash());
            case OTHER_HASH -> with(honest, honest.state(), other.digest());
            case LOST_PROPOSAL -> with(honest, other, other.digest());
        };
    }

    private static Snapshot with(Snapshot honest, NamedTensors state, Digest hash) {
        return new Snapshot(
                honest.step(),
                state,
                hash,
                honest.lastVotes(),
                honest.latestStarts(),
                honest.skipped(),
                honest.positions());
    }

    private static NamedTensors other(NamedTensors state) {
        SortedMap<String, Tensor> tensors = new TreeMap<>(state.asMap());
        tensors.replaceAll((name, tensor) -> {
            double[] values = tensor.toDoubles();
            for (int i = 0; i < values.length; i++) {
                values[i] += 0.25;
            }
            return Tensor.of(tensor.dtype(), values, tensor.shape().toArray());
        });
        return NamedTensors.of(tensors);
    }

    /** How often a coordinator resumed from a snapshot. */
    int found() {
        return found;
    }

    /** How often a coordinator refused a snapshot. */
    int passedOver() {
        return passedOver;
    }
}
