package dev.cohort.coordinator.members;

import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Rejection;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Which contributors cannot go on since their numbers are no longer finite. */
public final class Divergences {
    /** So many are named one by one. */
    private static final int NAMED_MAX = 4;

    private static final int WHAT_CHARACTERS_MAX = 200;

    private final SortedMap<PeerId, Left.Divergence> diverged = new TreeMap<>();

    public boolean any() {
        return !diverged.isEmpty();
    }

    /** A peer leaves; it may say that it diverged. */
    public void left(Left left) {
        left.divergence().ifPresent(d -> diverged.put(left.peer(), d));
    }

    /** A peer was set aside for this. One that does not look at its own numbers diverges without saying so. */
    public void setAside(Rejection last) {
        if (last.reason() == Rejection.Reason.NOT_FINITE) {
            diverged.put(
                    last.peer(),
                    new Left.Divergence(last.step(), "what it publishes is not finite: lower optimizer.learning_rate"));
        }
    }

    /** A later start of a peer may do better. */
    public void joined(Joining joining) {
        diverged.remove(joining.peer());
    }

    /**
     * Why the run cannot go on.
     *
     * @param left how many may still contribute
     * @param least how many must
     */
    public String reason(long left, int least) {
        List<Map.Entry<PeerId, Left.Divergence>> all = List.copyOf(diverged.entrySet());
        String names = all.stream()
                .limit(NAMED_MAX)
                .map(e -> e.getKey() + " at step " + e.getValue().step())
                .collect(Collectors.joining(", "));
        String more = all.size() > NAMED_MAX ? " and " + (all.size() - NAMED_MAX) + " more" : "";
        String what = all.get(0).getValue().what();
        return "diverged: " + names + more + "; " + what.substring(0, Math.min(WHAT_CHARACTERS_MAX, what.length()))
                + " (contributors left: " + left + ", needed: " + least + ")";
    }
}
