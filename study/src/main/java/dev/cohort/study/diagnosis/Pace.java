package dev.cohort.study.diagnosis;

import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.PeerId;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.study.diagnosis.Diagnosis.Severity;
import dev.cohort.study.view.Words;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Checks that the peers on one machine do not compete for its cores, and that they do not wait for a slow peer. */
final class Pace implements Rule {
    static final long STEPS_MIN = 100;
    /** Share of its time that a fast peer may wait while the slowest hardly waits. */
    static final double WAIT_MAX = 0.5;

    static final double WAIT_OF_SLOWEST = 0.1;

    private static final String SUBJECT = "pace";

    private record Speed(long steps, double imagesPerSecond, double waitShare) {}

    private final OptionalInt cores;
    private final SortedMap<PeerId, Integer> threads = new TreeMap<>();
    private final SortedMap<PeerId, Speed> speeds = new TreeMap<>();

    /** @param cores of the machine on which all peers run; empty if they may run on several */
    Pace(OptionalInt cores) {
        this.cores = cores;
    }

    @Override
    public void record(RecordedLog.Said record) {
        if (record.message() instanceof Joining joining && joining.device().equals("cpu")) {
            threads.put(joining.peer(), joining.torchThreads());
        } else if (record.message() instanceof Heartbeat heartbeat) {
            Heartbeat.Figures figures = heartbeat.figures();
            speeds.put(heartbeat.peer(), new Speed(heartbeat.step(), figures.imagesPerSecond(), figures.waitShare()));
        } else if (record.message() instanceof Left left) {
            left.result()
                    .ifPresent(result -> speeds.put(
                            left.peer(),
                            new Speed(result.stepsTrained(), result.imagesPerSecond(), result.waitShare())));
        }
    }

    @Override
    public Opinion opinion() {
        List<Diagnosis> found = new ArrayList<>();
        int all = threads.values().stream().mapToInt(Integer::intValue).sum();
        boolean many = threads.values().stream().anyMatch(count -> count > 1);
        if (cores.isPresent() && all > cores.getAsInt()) {
            found.add(new Diagnosis(
                    "more threads than cores",
                    many ? Severity.WARNING : Severity.NOTE,
                    threads.size() + " peers compute with " + all + " threads on " + cores.getAsInt() + " cores"
                            + speedsInWords(),
                    "threads.torch_per_peer, peers",
                    many
                            ? "give each peer its share of the cores (threads.torch_per_peer: auto)"
                            : "fewer peers would each be faster; the results are the same"));
        }
        long steps = speeds.values().stream().mapToLong(Speed::steps).max().orElse(0);
        if (speeds.size() < 2) {
            return Opinion.of(SUBJECT, found);
        }
        if (steps < STEPS_MIN && found.isEmpty()) {
            return Opinion.tooShort(SUBJECT, steps, STEPS_MIN);
        }
        waiting().ifPresent(found::add);
        return Opinion.of(SUBJECT, found);
    }

    private Optional<Diagnosis> waiting() {
        Map.Entry<PeerId, Speed> slowest = speeds.entrySet().stream()
                .min(Map.Entry.comparingByValue(Comparator.comparingDouble(Speed::waitShare)))
                .orElseThrow();
        double most =
                speeds.values().stream().mapToDouble(Speed::waitShare).max().orElse(0);
        if (slowest.getValue().waitShare() >= WAIT_OF_SLOWEST || most <= WAIT_MAX) {
            return Optional.empty();
        }
        return Optional.of(new Diagnosis(
                "the others wait for peer " + slowest.getKey(),
                Severity.NOTE,
                "share of time that each peer waits" + speedsInWords(),
                "peers[].device, peers[].model, pace.completion",
                "give it a faster device or a smaller model, or do not wait for all (pace.completion=quorum)"));
    }

    private String speedsInWords() {
        return speeds.entrySet().stream()
                .map(e -> e.getKey() + " " + Words.percent(e.getValue().waitShare()) + " at "
                        + Words.number(e.getValue().imagesPerSecond()) + " images/s")
                .collect(Collectors.joining(", ", ": ", ""));
    }
}
