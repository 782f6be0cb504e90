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

/** Contributors that diverged: their values are no longer finite. */
public final class Divergences {
    /** Most peers named in a reason. */
    private static final int NAMED_MAX = 4;

    private static final int WHAT_CHARACTERS_MAX = 200;

    private final SortedMap<PeerId, Left.Divergence> diverged = new TreeMap<>();

    public boolean any() {
        return !diverged.isEmpty();
    }

    /** Notes a peer that left because it diverged. */
    public void left(Left left) {
        left.divergence().ifPresent(d -> diverged.put(left.peer(), d));
    }

    /** Notes a peer that was set aside for non-finite predictions: it may not detect its own divergence. */
    public void setAside(Rejection last) {
        if (last.reason() == Rejection.Reason.NOT_FINITE) {
            diverged.put(
                    last.peer(),
                    new Left.Divergence(last.step(), "its predictions are not finite: lower optimizer.learning_rate"));
        }
    }

    /** Forgets the divergence of a peer that joins again. */
    public void joined(Joining joining) {
        diverged.remove(joining.peer());
    }

    /**
     * The reason why the run cannot continue.
     *
     * @param left number of peers that may still contribute
     * @param least number of contributors needed
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
