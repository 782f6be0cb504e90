package dev.cohort.peer;

import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Term;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** What the log holds about steps that a peer has not trained yet. The first batch and the first outcome of a step count. */
final class ReadAhead {
    private final PeerId self;
    private final SortedMap<Long, Batch> batches = new TreeMap<>();
    private final SortedMap<Long, Outcome> outcomes = new TreeMap<>();
    private final SortedMap<String, Addressed> addressed = new TreeMap<>();
    private long next = 1;

    ReadAhead(PeerId self) {
        this.self = self;
    }

    /** Steps before {@code step} are trained, or never will be: what is here about them is dropped and no more is kept. */
    void startAt(long step) {
        next = step;
        batches.headMap(next).clear();
        outcomes.headMap(next).clear();
        addressed.values().removeIf(part -> part.step() < next);
    }

    void batch(Batch batch) {
        if (batch.step() >= next) {
            batches.putIfAbsent(batch.step(), batch);
        }
    }

    void outcome(Outcome outcome) {
        if (outcome.step() >= next) {
            outcomes.putIfAbsent(outcome.step(), outcome);
        }
    }

    void addressed(Addressed part) {
        if (part.step() >= next && part.peer().equals(self)) {
            addressed.put(part.digest().hex(), part);
        }
    }

    Optional<Batch> batch(long step) {
        return Optional.ofNullable(batches.get(step));
    }

    Optional<Outcome> outcome(long step) {
        return Optional.ofNullable(outcomes.get(step));
    }

    /** Whether the part for this peer that {@code outcome} names, if it names one, was read. */
    boolean hasOwnPart(Outcome outcome) {
        return !(outcome.resolution() instanceof Outcome.Targets targets)
                || ownPart(targets)
                        .map(part -> addressed.containsKey(part.digest().hex()))
                        .orElse(true);
    }

    /** The terms for this peer alone; none if {@code targets} names none. */
    List<Term> ownTerms(Outcome.Targets targets) {
        return ownPart(targets)
                .flatMap(part -> Optional.ofNullable(addressed.get(part.digest().hex())))
                .map(Addressed::terms)
                .orElse(List.of());
    }

    private Optional<Outcome.Part> ownPart(Outcome.Targets targets) {
        return targets.addressed().stream()
                .filter(part -> part.peer().equals(self))
                .findFirst();
    }
}
