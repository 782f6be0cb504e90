package dev.cohort.study;

import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * How long the steps of a run took, and which peers joined and left meanwhile: what a join, a leave or a kill costs the other
 * peers. All times are those at which the broker appended the records. Memory is 24 bytes per step and peer.
 */
public final class Timeline {
    private final Moments outcomes = new Moments();
    private final SortedMap<PeerId, Moments> predictions = new TreeMap<>();
    private final List<Event> events = new ArrayList<>();
    private final SortedSet<String> starts = new TreeSet<>();

    private Timeline() {}

    /**
     * Something that happened between the outcomes of {@code step - 1} and {@code step}.
     *
     * @param atMs when the broker appended the message, or the outcome that shows it; Unix milliseconds
     * @param who a peer, a coordinator, or "everybody"
     * @param detail for people
     */
    public record Event(Kind kind, long step, long atMs, String who, String detail) {}

    /** Kind of event. */
    public enum Kind {
        /** A process of a peer asks for a slot, for the first time or again. */
        STARTS,
        /** Outcomes name a peer from here on. */
        CONTRIBUTES,
        /** Outcomes no longer name a peer. */
        MISSING,
        /** An operator asked a peer, or all, to leave. */
        ASKED,
        /** A peer left. */
        LEFT,
        /** Another coordinator publishes the outcomes from here on. */
        COORDINATOR
    }

    /**
     * Reads a run once.
     *
     * @param log whose unreadable entries are skipped
     */
    public static Timeline of(RecordedLog log) {
        Timeline timeline = new Timeline();
        timeline.readOutcomes(log);
        for (int partition = 0; partition < log.partitions(Topic.PREDICTIONS); partition++) {
            read(log, Topic.PREDICTIONS, partition, timeline::prediction);
        }
        read(log, Topic.MEMBERS, 0, timeline::member);
        read(log, Topic.CONTROL, 0, timeline::control);
        timeline.events.sort(Comparator.comparingLong(Event::step).thenComparingLong(Event::atMs));
        return timeline;
    }

    private static void read(RecordedLog log, Topic topic, int partition, Consumer<RecordedLog.Said> each) {
        if (partition >= log.partitions(topic)) {
            return;
        }
        try (RecordedLog.Reading reading = log.read(topic, partition)) {
            for (Optional<RecordedLog.Entry> next = reading.next(); next.isPresent(); next = reading.next()) {
                if (next.get() instanceof RecordedLog.Said record) {
                    each.accept(record);
                }
            }
        }
    }

    private void readOutcomes(RecordedLog log) {
        SortedSet<String> present = new TreeSet<>();
        List<String> coordinator = new ArrayList<>();
        read(log, Topic.OUTCOMES, 0, record -> {
            if (!(record.message() instanceof Outcome outcome)
                    || !outcomes.add(outcome.step(), record.appendedMs(), 0)) {
                return;
            }
            SortedSet<String> named = new TreeSet<>();
            outcome.contributors().forEach(c -> named.add(c.peer().value()));
            changed(Kind.CONTRIBUTES, named, present, outcome.step(), record.appendedMs());
            changed(Kind.MISSING, present, named, outcome.step(), record.appendedMs());
            present.clear();
            present.addAll(named);
            if (!coordinator.contains(outcome.coordinator())) {
                if (!coordinator.isEmpty()) {
                    events.add(new Event(
                            Kind.COORDINATOR,
                            outcome.step(),
                            record.appendedMs(),
                            outcome.coordinator(),
                            "leads after " + coordinator.get(0)));
                }
                coordinator.clear();
                coordinator.add(outcome.coordinator());
            }
        });
    }

    private void changed(Kind kind, SortedSet<String> now, SortedSet<String> before, long step, long atMs) {
        for (String peer : now) {
            if (!before.contains(peer)) {
                String detail = kind == Kind.CONTRIBUTES ? "contributes" : "no longer contributes";
                events.add(new Event(kind, step, atMs, peer, detail));
            }
        }
    }

    private void prediction(RecordedLog.Said record) {
        if (record.message() instanceof Prediction prediction && prediction.part() == 0) {
            predictions
                    .computeIfAbsent(prediction.peer(), p -> new Moments())
                    .add(prediction.step(), record.appendedMs(), prediction.incarnation());
        }
    }

    private void member(RecordedLog.Said record) {
        Message message = record.message();
        if (message instanceof Joining joining && starts.add(joining.peer() + "#" + joining.incarnation())) {
            happened(Kind.STARTS, record, joining.peer(), "start " + joining.incarnation());
        } else if (message instanceof Left left) {
            happened(Kind.LEFT, record, left.peer(), left.reason());
        } else if (message instanceof Admitted admitted && admitted.refused()) {
            happened(Kind.LEFT, record, admitted.peer(), "refused: " + admitted.refusal());
        }
    }

    private void control(RecordedLog.Said record) {
        if (record.message() instanceof Command command) {
            events.add(new Event(
                    Kind.ASKED,
                    outcomes.stepAfter(record.appendedMs()),
                    record.appendedMs(),
                    command.peer().map(PeerId::value).orElse("everybody"),
                    command.kind().name().toLowerCase(Locale.ROOT) + ": " + command.reason()));
        }
    }

    private void happened(Kind kind, RecordedLog.Said record, PeerId peer, String detail) {
        events.add(new Event(kind, outcomes.stepAfter(record.appendedMs()), record.appendedMs(), peer.value(), detail));
    }

    /** All events, in the order of the steps. */
    public List<Event> events() {
        return List.copyOf(events);
    }

    /** All peers that ever published a prediction. */
    public List<PeerId> peers() {
        return List.copyOf(predictions.keySet());
    }

    /** The last step with an outcome; 0 without any. */
    public long lastStep() {
        return outcomes.size() == 0 ? 0 : outcomes.step(outcomes.size() - 1);
    }

    /** From the outcome of the previous step to that of each step, in milliseconds; steps after a gap are left out. */
    public List<Took> outcomes() {
        return outcomes.took(0, Long.MAX_VALUE);
    }

    /**
     * From a peer's prediction of the previous step to that of each step, in milliseconds: its training, evaluation and waiting.
     * Steps without a prediction, and those before which its process restarted, are left out.
     */
    public List<Took> steps(PeerId peer) {
        return Optional.ofNullable(predictions.get(peer))
                .map(m -> m.took(0, Long.MAX_VALUE))
                .orElse(List.of());
    }

    /** Time of one step. */
    public record Took(long step, long ms) {}

    /**
     * Times of some steps.
     *
     * @param count number of steps; if 0, all other figures are 0
     * @param p95Ms 95th percentile, by nearest rank
     */
    public record Spread(int count, double medianMs, long p95Ms, long longestMs) {
        public static Spread of(List<Took> took) {
            long[] sorted = took.stream().mapToLong(Took::ms).sorted().toArray();
            int n = sorted.length;
            if (n == 0) {
                return new Spread(0, 0, 0, 0);
            }
            double median = n % 2 == 1 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0;
            return new Spread(n, median, sorted[(int) Math.ceil(0.95 * n) - 1], sorted[n - 1]);
        }
    }

    /**
     * What one change among the contributors cost the peers that stayed.
     *
     * @param survivors peers that published predictions before, during and after the change, from the same process
     * @param before their step times in the quiet steps before the change
     * @param during their step times in the steps around it
     * @param after their step times in the quiet steps after it
     * @param outcomeLongestMs longest time between two outcomes around it
     */
    public record Change(
            List<Event> events,
            long fromStep,
            long toStep,
            List<PeerId> survivors,
            Spread before,
            Spread during,
            Spread after,
            long outcomeLongestMs) {}

    /**
     * Every change among the contributors. Events that are at most {@code 2 * quiet} steps apart are one change.
     *
     * @param quiet steps before and after an event that count as "during"
     * @param window largest number of steps counted as "before", and as "after"
     */
    public List<Change> changes(long quiet, long window) {
        List<List<Event>> groups = new ArrayList<>();
        for (Event event : events) {
            boolean belongs = event.step() > 1 && event.step() <= lastStep();
            if (!belongs) {
                continue;
            }
            List<Event> open = groups.isEmpty() ? List.of() : groups.get(groups.size() - 1);
            if (open.isEmpty() || event.step() - open.get(open.size() - 1).step() > 2 * quiet) {
                groups.add(new ArrayList<>());
            }
            groups.get(groups.size() - 1).add(event);
        }
        List<Change> changes = new ArrayList<>();
        for (int i = 0; i < groups.size(); i++) {
            long previousEnd = i == 0 ? 1 : last(groups.get(i - 1)) + quiet;
            long nextBegin = i + 1 == groups.size()
                    ? lastStep() + 1
                    : groups.get(i + 1).get(0).step() - quiet;
            changes.add(change(groups.get(i), previousEnd, nextBegin, quiet, window));
        }
        return changes;
    }

    /** Events after the last outcome, without the leaving of peers that finished: why the run went no further. */
    public List<Event> afterTheLast() {
        return events.stream()
                .filter(e -> e.step() > lastStep())
                .filter(e -> e.kind() != Kind.LEFT || !e.detail().equals(Left.FINISHED))
                .toList();
    }

    private static long last(List<Event> group) {
        return group.get(group.size() - 1).step();
    }

    private Change change(List<Event> group, long previousEnd, long nextBegin, long quiet, long window) {
        long from = Math.max(1, group.get(0).step() - quiet);
        long to = Math.min(lastStep(), last(group) + quiet);
        long before = Math.max(previousEnd, from - window);
        long after = Math.min(nextBegin, to + 1 + window);
        List<PeerId> survivors = new ArrayList<>();
        predictions.forEach((peer, moments) -> {
            if (moments.unbroken(Math.max(1, before), after - 1)) {
                survivors.add(peer);
            }
        });
        return new Change(
                List.copyOf(group),
                from,
                to,
                survivors,
                spread(survivors, before, from),
                spread(survivors, from, to + 1),
                spread(survivors, to + 1, after),
                outcomes.took(from, to + 1).stream().mapToLong(Took::ms).max().orElse(0));
    }

    private Spread spread(List<PeerId> peers, long fromStep, long toStepExclusive) {
        List<Took> took = new ArrayList<>();
        for (PeerId peer : peers) {
            Optional.ofNullable(predictions.get(peer)).ifPresent(m -> took.addAll(m.took(fromStep, toStepExclusive)));
        }
        return Spread.of(took);
    }
}
