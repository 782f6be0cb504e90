package dev.cohort.coordinator.speak;

import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.Snapshot;
import dev.cohort.protocol.StandingChange;
import dev.cohort.protocol.TensorPiece;
import java.util.ArrayList;
import java.util.List;

/**
 * A coordinator that follows the log like any other and withholds its messages as long as another coordinator publishes
 * theirs.
 *
 * <pre>
 * FOLLOWS --a due message was not published by anyone within the patience--> LEADS
 * LEADS --the outcome of another coordinator comes first at a step--> FOLLOWS
 * </pre>
 *
 * Withholding only saves work: coordinators may always run side by side, since the first outcome of a step wins. So a leader that
 * was only frozen, or two standbys that take over at once, do no harm. A standby leads as long as its outcomes come first and
 * yields to a faster coordinator, which ends the race of two standbys.
 */
public final class Standby implements Node {
    private final Node coordinator;
    private final String name;
    private final long patienceMs;
    private final List<Withheld> withheld = new ArrayList<>();
    private boolean leads;
    private long takeovers;
    private long closed;
    private long evaluated;

    /** A message that the coordinator would publish, and since when. */
    private record Withheld(Message message, long sinceMs) {
        /** Whether the run needs the message; peers recover from the loss of any other by their own timeouts. */
        boolean due() {
            return message instanceof Outcome
                    || message instanceof Evaluation
                    || message instanceof Admitted
                    || message instanceof Command;
        }
    }

    /**
     * @param name under which {@code coordinator} writes its outcomes; must differ from the leader's
     * @param patienceMs how long a due message may stay unpublished
     */
    public Standby(Node coordinator, String name, long patienceMs) {
        if (patienceMs < 1) {
            throw new IllegalArgumentException(
                    "patience " + patienceMs + " ms: must be at least 1 ms (coordinator --patience-ms)");
        }
        this.coordinator = coordinator;
        this.name = name;
        this.patienceMs = patienceMs;
    }

    @Override
    public List<Message> onMessage(Message message, long nowMs) {
        follow(message);
        return publish(coordinator.onMessage(message, nowMs), nowMs);
    }

    @Override
    public List<Message> onCaughtUp(long nowMs) {
        return publish(coordinator.onCaughtUp(nowMs), nowMs);
    }

    @Override
    public List<Message> onDeadline(long nowMs) {
        return publish(coordinator.onDeadline(nowMs), nowMs);
    }

    @Override
    public long nextDeadlineMs() {
        return Math.min(coordinator.nextDeadlineMs(), impatientAtMs());
    }

    /** Whether it publishes its messages. */
    public boolean leads() {
        return leads;
    }

    /** How often it has begun to lead. */
    public long takeovers() {
        return takeovers;
    }

    /** Whether no withheld message is due; the process must not end before that. */
    public boolean nothingDue() {
        return withheld.stream().noneMatch(Withheld::due);
    }

    /** Number of withheld messages, to show that it is bounded. */
    public int withheld() {
        return withheld.size();
    }

    private void follow(Message message) {
        if (message instanceof Outcome outcome && outcome.step() > closed) {
            closed = outcome.step();
            leads &= outcome.coordinator().equals(name);
        } else if (message instanceof Evaluation evaluation
                && evaluation.source().equals(Evaluation.TEACHER)) {
            evaluated = Math.max(evaluated, evaluation.step());
        }
        withheld.removeIf(w -> isInLog(w.message()) || replaces(message, w.message()));
    }

    /** Whether the log holds an equivalent message already, from any coordinator. */
    private boolean isInLog(Message message) {
        if (message instanceof Outcome outcome) {
            return outcome.step() <= closed;
        } else if (message instanceof Addressed part) {
            return part.step() <= closed;
        } else if (message instanceof TensorPiece piece) {
            return piece.step() <= closed;
        } else if (message instanceof Rejection rejection) {
            return rejection.step() <= closed;
        }
        return message instanceof Evaluation evaluation && evaluation.step() <= evaluated;
    }

    private static boolean replaces(Message read, Message withheld) {
        if (withheld instanceof Admitted mine) {
            return read instanceof Admitted other
                    && other.peer().equals(mine.peer())
                    && other.incarnation() >= mine.incarnation();
        }
        return withheld instanceof Command mine && read instanceof Command other && other.kind() == mine.kind();
    }

    private List<Message> publish(List<Message> messages, long nowMs) {
        if (leads) {
            return messages;
        }
        for (Message message : messages) {
            // StandingNews publishes changes of standing again once this coordinator leads; snapshots are optional.
            if (!(message instanceof StandingChange)
                    && !(message instanceof Snapshot)
                    && !isInLog(message)
                    && withheld.stream().noneMatch(w -> w.message().equals(message))) {
                withheld.add(new Withheld(message, nowMs));
            }
        }
        if (nowMs < impatientAtMs()) {
            return List.of();
        }
        leads = true;
        takeovers++;
        List<Message> due = withheld.stream().map(Withheld::message).toList();
        withheld.clear();
        return due;
    }

    private long impatientAtMs() {
        return withheld.stream()
                .filter(Withheld::due)
                .mapToLong(w -> w.sinceMs() + patienceMs)
                .min()
                .orElse(Long.MAX_VALUE);
    }
}
