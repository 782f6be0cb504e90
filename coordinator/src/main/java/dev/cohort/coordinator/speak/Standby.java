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
import java.util.ArrayList;
import java.util.List;

/**
 * A coordinator that follows the log like any other and keeps to itself what it would say, as long as another one says it.
 *
 * <pre>
 * LISTENS --something due was not said by anybody for the patience--> LEADS
 * LEADS --the outcome of another coordinator comes first at a step--> LISTENS
 * </pre>
 *
 * It is for speed alone: coordinators may always run side by side, since the first outcome of a step wins. So a leader that was
 * only frozen, or two standbys that take over at once, do no harm. It leads as long as its own outcomes come first and stands
 * back for whoever is faster, which ends the race of two standbys.
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

    /** What the coordinator would have said, and since when nobody has. */
    private record Withheld(Message message, long sinceMs) {
        /** Whether it is missed if nobody says it; of what is left, only peers' own clocks depend on it. */
        boolean due() {
            return message instanceof Outcome
                    || message instanceof Evaluation
                    || message instanceof Admitted
                    || message instanceof Command;
        }
    }

    /**
     * @param name under which {@code coordinator} writes its outcomes; must differ from the leader's
     * @param patienceMs how long something due may stay unsaid
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
        heard(message);
        return speak(coordinator.onMessage(message, nowMs), nowMs);
    }

    @Override
    public List<Message> onCaughtUp(long nowMs) {
        return speak(coordinator.onCaughtUp(nowMs), nowMs);
    }

    @Override
    public List<Message> onDeadline(long nowMs) {
        return speak(coordinator.onDeadline(nowMs), nowMs);
    }

    @Override
    public long nextDeadlineMs() {
        return Math.min(coordinator.nextDeadlineMs(), impatientAtMs());
    }

    /** Whether what it has to say is said. */
    public boolean leads() {
        return leads;
    }

    /** How often it has begun to lead. */
    public long takeovers() {
        return takeovers;
    }

    /** Whether nobody misses anything that it keeps to itself: before that it must not end. */
    public boolean nothingDue() {
        return withheld.stream().noneMatch(Withheld::due);
    }

    /** What it keeps to itself at the moment, to show that it is bounded. */
    public int withheld() {
        return withheld.size();
    }

    private void heard(Message message) {
        if (message instanceof Outcome outcome && outcome.step() > closed) {
            closed = outcome.step();
            leads &= outcome.coordinator().equals(name);
        } else if (message instanceof Evaluation evaluation
                && evaluation.source().equals(Evaluation.TEACHER)) {
            evaluated = Math.max(evaluated, evaluation.step());
        }
        withheld.removeIf(w -> isSaid(w.message()) || answers(message, w.message()));
    }

    /** Whether the log holds an equivalent already, whoever wrote it. */
    private boolean isSaid(Message message) {
        if (message instanceof Outcome outcome) {
            return outcome.step() <= closed;
        } else if (message instanceof Addressed part) {
            return part.step() <= closed;
        } else if (message instanceof Rejection rejection) {
            return rejection.step() <= closed;
        }
        return message instanceof Evaluation evaluation && evaluation.step() <= evaluated;
    }

    private static boolean answers(Message said, Message would) {
        if (would instanceof Admitted mine) {
            return said instanceof Admitted other
                    && other.peer().equals(mine.peer())
                    && other.incarnation() >= mine.incarnation();
        }
        return would instanceof Command mine && said instanceof Command other && other.kind() == mine.kind();
    }

    private List<Message> speak(List<Message> would, long nowMs) {
        if (leads) {
            return would;
        }
        for (Message message : would) {
            // What nobody has said of the members it will want to say again when it leads; a snapshot nobody misses.
            if (!(message instanceof StandingChange)
                    && !(message instanceof Snapshot)
                    && !isSaid(message)
                    && withheld.stream().noneMatch(w -> w.message().equals(message))) {
                withheld.add(new Withheld(message, nowMs));
            }
        }
        if (nowMs < impatientAtMs()) {
            return List.of();
        }
        leads = true;
        takeovers++;
        List<Message> said = withheld.stream().map(Withheld::message).toList();
        withheld.clear();
        return said;
    }

    private long impatientAtMs() {
        return withheld.stream()
                .filter(Withheld::due)
                .mapToLong(w -> w.sinceMs() + patienceMs)
                .min()
                .orElse(Long.MAX_VALUE);
    }
}
