package dev.cohort.simulation;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import dev.cohort.simulation.SimulatedLog.Entry;
import dev.cohort.simulation.SimulatedLog.Partition;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import java.util.function.Predicate;
import java.util.function.ToIntFunction;

/**
 * The shell around one node, as a process of production has it: consumers that read, a queue, one thread on which messages and
 * due deadlines take turns, a producer that appends. It can be cut off from the broker, be stopped for a while, and crash.
 */
final class SimulatedProcess {
    private final String name;
    private final Surroundings around;
    private final SimulatedClock clock;
    private final Predicate<Partition> reads;
    private final LongSupplier workMs;
    private final Consumer<Entry> seen;
    private final SortedMap<Partition, Reader> readers = new TreeMap<>();
    private final Deque<Message> inbox = new ArrayDeque<>();
    private Optional<Node> node = Optional.empty();
    private int life;
    private int crashes;
    private boolean reachable = true;
    private long frozenUntilMs;
    private long busyUntilMs;
    private long turnAtMs = Long.MAX_VALUE;
    private boolean deadlineIsNext;
    private ToIntFunction<Partition> position = partition -> 0;
    private int callsWithoutEffect;
    /** Records that existed when this start began, and are not read yet. */
    private final SortedMap<Partition, Integer> backlog = new TreeMap<>();

    private boolean caughtUp;

    /** Where the next record of a partition is read, and whether a read is under way. */
    private static final class Reader {
        private int position;
        private boolean reading;

        Reader(int position) {
            this.position = position;
        }
    }

    /**
     * @param reads the partitions its consumers are assigned
     * @param seen receives each record before the node does
     * @param workMs asked after each call of the node: how long the thread was busy with it
     */
    SimulatedProcess(
            String name,
            Surroundings around,
            SimulatedClock clock,
            Predicate<Partition> reads,
            Consumer<Entry> seen,
            LongSupplier workMs) {
        this.name = name;
        this.around = around;
        this.clock = clock;
        this.reads = reads;
        this.seen = seen;
        this.workMs = workMs;
    }

    String name() {
        return name;
    }

    boolean alive() {
        return node.isPresent();
    }

    Optional<Node> node() {
        return node;
    }

    /** Local time. */
    long nowMs() {
        return clock.localMs(around.time().nowMs());
    }

    /** Calls of the node in a row, without a message in between, that had no effect although it had asked for them. */
    int callsWithoutEffect() {
        return callsWithoutEffect;
    }

    /** Starts with the node {@code fresh} and reads the log from its beginning. */
    void start(Node fresh) {
        start(fresh, partition -> 0);
    }

    /** As {@link #start(Node)}, reading from the positions {@code from}. */
    void start(Node fresh, ToIntFunction<Partition> from) {
        life++;
        node = Optional.of(fresh);
        inbox.clear();
        readers.clear();
        position = from;
        turnAtMs = Long.MAX_VALUE;
        busyUntilMs = around.time().nowMs();
        callsWithoutEffect = 0;
        caughtUp = false;
        backlog.clear();
        around.log().partitions().stream()
                .filter(reads)
                .filter(p -> from.applyAsInt(p) < around.log().entries(p).size())
                .forEach(p -> backlog.put(p, around.log().entries(p).size()));
        around.note(this, "starts", "");
        around.log().partitions().forEach(this::hasRecords);
        schedule();
    }

    /** Loses all memory, and perhaps records that the producer has not appended yet. */
    void crash() {
        life++;
        crashes++;
        node = Optional.empty();
        frozenUntilMs = 0;
        around.note(this, "crashes", "");
    }

    /** Ends in order: everything it sent is appended. */
    void exit() {
        life++;
        node = Optional.empty();
        around.note(this, "exits", "");
    }

    /** Reads and appends nothing until {@link #heal}; its clock stands still. */
    void isolate() {
        if (reachable) {
            reachable = false;
            clock.stop(around.time().nowMs());
            around.note(this, "cut off", "");
        }
    }

    void heal() {
        if (!reachable) {
            reachable = true;
            clock.resume(around.time().nowMs());
            around.note(this, "heals", "");
            List.copyOf(readers.keySet()).forEach(this::hasRecords);
            around.log().partitions().forEach(this::hasRecords);
            schedule();
        }
    }

    /** Does nothing for a while, without noticing. */
    void freeze(long forMs) {
        frozenUntilMs = Math.max(frozenUntilMs, around.time().nowMs() + forMs);
        around.note(this, "freezes", forMs + " ms");
    }

    boolean frozen() {
        return frozenUntilMs > around.time().nowMs();
    }

    boolean reachable() {
        return reachable;
    }

    /** The partition has, or may have, records this process has not read. */
    void hasRecords(Partition partition) {
        if (alive() && reachable && reads.test(partition)) {
            Reader reader = readers.computeIfAbsent(partition, p -> new Reader(position.applyAsInt(p)));
            if (!reader.reading
                    && reader.position < around.log().entries(partition).size()) {
                reader.reading = true;
                int of = life;
                around.time().after(around.weather().readDelayMs(around.random()), () -> read(partition, reader, of));
            }
        }
    }

    private void read(Partition partition, Reader reader, int of) {
        reader.reading = false;
        if (of != life || !reachable) {
            return;
        }
        Entry entry = around.log().entries(partition).get(reader.position++);
        if (around.weather().rereads(around.random())) {
            reader.position = Math.max(0, reader.position - 1 - around.random().nextInt(3));
        }
        backlog.computeIfPresent(partition, (p, end) -> reader.position >= end ? null : end);
        if (entry.readable()) {
            seen.accept(entry);
            inbox.add(entry.message());
        }
        schedule();
        hasRecords(partition);
    }

    /** Plans the thread's next turn: for a message as soon as it is free, else for the node's deadline. */
    private void schedule() {
        if (!alive()) {
            return;
        }
        boolean work = !inbox.isEmpty() || catchesUp();
        long atMs = Math.max(Math.max(busyUntilMs, frozenUntilMs), work ? 0 : deadlineAtMs());
        if (atMs < turnAtMs) {
            turnAtMs = atMs;
            int of = life;
            around.time().at(atMs, () -> turn(of, atMs));
        }
    }

    private long deadlineAtMs() {
        long deadlineMs = node.orElseThrow().nextDeadlineMs();
        if (deadlineMs <= nowMs()) {
            return around.time().nowMs();
        }
        return deadlineMs == Long.MAX_VALUE || !clock.running() ? Long.MAX_VALUE : clock.virtualMs(deadlineMs);
    }

    private void turn(int of, long atMs) {
        if (of != life || atMs != turnAtMs) {
            return;
        }
        turnAtMs = Long.MAX_VALUE;
        if (frozen()) {
            schedule();
            return;
        }
        Node worker = node.orElseThrow();
        boolean due = worker.nextDeadlineMs() <= nowMs();
        if (due && (deadlineIsNext || inbox.isEmpty())) {
            deadlineIsNext = false;
            around.note(this, "wakes", "");
            worked(worker.onDeadline(nowMs()), true);
        } else if (!inbox.isEmpty()) {
            deadlineIsNext = true;
            Message message = inbox.remove();
            around.note(this, "reads", message);
            worked(worker.onMessage(message, nowMs()), false);
        } else if (catchesUp()) {
            caughtUp = true;
            around.note(this, "has caught up", "");
            worked(worker.onCaughtUp(nowMs()), false);
        }
        schedule();
    }

    /** Whether it has read everything that was in the log at its start, and has not noticed yet. */
    private boolean catchesUp() {
        return !caughtUp && backlog.isEmpty() && inbox.isEmpty();
    }

    private void worked(List<Message> sent, boolean woken) {
        long tookMs = workMs.getAsLong();
        boolean effect =
                !woken || tookMs > 0 || !sent.isEmpty() || node.orElseThrow().nextDeadlineMs() > nowMs();
        callsWithoutEffect = effect ? 0 : callsWithoutEffect + 1;
        busyUntilMs = around.time().nowMs() + tookMs;
        append(sent, busyUntilMs);
        around.worked(this, sent);
    }

    /** Appends {@code messages} one after the other, beginning at {@code atMs}. */
    void append(List<Message> messages, long atMs) {
        if (!messages.isEmpty()) {
            int of = crashes;
            around.time().at(atMs + around.weather().appendDelayMs(around.random()), () -> appendNext(messages, of));
        }
    }

    private void appendNext(List<Message> messages, int of) {
        Message first = messages.get(0);
        // Records that the producer had before a crash may still be appended, or not.
        if (of != crashes && around.random().nextBoolean()) {
            around.note(this, "loses", first);
        } else if (!reachable || frozen()) {
            around.time().after(5, () -> appendNext(messages, of));
        } else if (around.weather().loses(around.random())) {
            around.note(this, "loses", first);
            around.lost(this, messages);
        } else {
            around.append(name, first);
            if (around.weather().duplicates(around.random())) {
                long laterMs = around.weather().appendDelayMs(around.random());
                around.time().after(laterMs, () -> around.append(name, first));
            }
            List<Message> rest = messages.subList(1, messages.size());
            if (!rest.isEmpty()) {
                around.time().after(around.weather().appendDelayMs(around.random()), () -> appendNext(rest, of));
            }
        }
    }
}
