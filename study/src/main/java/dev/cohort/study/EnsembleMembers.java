package dev.cohort.study;

import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog;
import java.util.Collection;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The peers whose tests make up the ensemble of a run. A peer counts from the first step whose outcome names it as a contributor.
 * If no outcome names a contributor, as with methods that read no predictions, the contributors of the experiment count.
 */
public final class EnsembleMembers {
    private final SortedMap<PeerId, Long> since = new TreeMap<>();
    private boolean named;

    /** @param contributors of the experiment */
    public EnsembleMembers(Collection<PeerId> contributors) {
        contributors.forEach(peer -> since.put(peer, 0L));
    }

    /** The members of a recorded run; reads its outcomes once. */
    public static EnsembleMembers of(RecordedLog log, Experiment experiment) {
        EnsembleMembers members = new EnsembleMembers(
                experiment.contributors().stream().map(Experiment.Peer::id).toList());
        try (RecordedLog.Reading reading = log.read(Topic.OUTCOMES, 0)) {
            for (Optional<RecordedLog.Entry> next = reading.next(); next.isPresent(); next = reading.next()) {
                if (next.get() instanceof RecordedLog.Said record && record.message() instanceof Outcome outcome) {
                    members.take(outcome);
                }
            }
        }
        return members;
    }

    /** Takes in an outcome, in any order; returns whether another peer counts now, or one counts from an earlier step. */
    public boolean take(Outcome outcome) {
        boolean changed = false;
        if (!named && !outcome.contributors().isEmpty()) {
            named = true;
            since.clear();
            changed = true;
        }
        for (Outcome.Contributor contributor : outcome.contributors()) {
            Long known = since.get(contributor.peer());
            if (known == null || known > outcome.step()) {
                since.put(contributor.peer(), outcome.step());
                changed = true;
            }
        }
        return changed;
    }

    /** Whether the test of a peer after a step counts. */
    public boolean counts(PeerId peer, long step) {
        Long from = since.get(peer);
        return from != null && from <= step;
    }

    /** Whether any test of a peer may count. */
    public boolean has(PeerId peer) {
        return since.containsKey(peer);
    }

    /** How many peers count after a step. */
    int count(long step) {
        return (int) since.values().stream().filter(from -> from <= step).count();
    }
}
