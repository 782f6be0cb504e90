package dev.cohort.coordinator.speak;

import dev.cohort.coordinator.follow.DeclaredShapes;
import dev.cohort.coordinator.follow.FollowedRun;
import dev.cohort.coordinator.follow.StepAssembly;
import dev.cohort.coordinator.members.Divergences;
import dev.cohort.coordinator.members.Member;
import dev.cohort.coordinator.members.Members;
import dev.cohort.coordinator.members.Membership;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.Standing;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Rejects predictions and evaluations that no teacher can use, counts them by reason, and updates the standing of their peers.
 */
public final class PredictionChecks {
    private final FollowedRun run;
    private final DeclaredShapes shapes;
    private final Members members;
    private final Membership membership;
    private final Divergences divergences;
    private final SortedMap<Rejection.Reason, Long> rejections = new TreeMap<>();

    public PredictionChecks(
            FollowedRun run, DeclaredShapes shapes, Members members, Membership membership, Divergences divergences) {
        this.run = run;
        this.shapes = shapes;
        this.members = members;
        this.membership = membership;
        this.divergences = divergences;
    }

    /** Checks the first prediction of {@code peer} for the open step, once it and the batch were read. */
    public Optional<Rejection> check(PeerId peer, long nowMs) {
        Optional<Member> member = members.find(peer).filter(m -> m.standing() != Standing.SET_ASIDE);
        if (member.isEmpty() || run.openBatch().isEmpty()) {
            return Optional.empty();
        }
        Optional<StepAssembly.Entry> entry = run.assembly().entry(run.openStep(), member.get());
        if (entry.isEmpty()) {
            return Optional.empty();
        }
        Optional<Rejection> rejection = entry.get().rejection();
        if (rejection.isEmpty()) {
            membership.atHead(peer, nowMs);
        } else {
            Rejection.Reason reason = rejection.get().reason();
            rejections.merge(reason, 1L, Long::sum);
            if (membership.rejected(peer, reason.name().toLowerCase(Locale.ROOT), nowMs)) {
                divergences.setAside(rejection.get());
            }
        }
        return rejection;
    }

    /** Checks the predictions for the step that has just opened; they may have arrived earlier. */
    public List<Rejection> checkOpenStep(long nowMs) {
        return members.all().stream()
                .map(member -> check(member.peer(), nowMs))
                .flatMap(Optional::stream)
                .toList();
    }

    public Optional<Rejection> check(Evaluation evaluation) {
        Optional<Member> member = members.all().stream()
                .filter(m -> m.peer().value().equals(evaluation.source()))
                .findFirst();
        Optional<Rejection> rejection = member.flatMap(m -> shapes.objection(evaluation, m)
                .map(objection -> new Rejection(
                        Math.max(1, evaluation.step()),
                        0,
                        m.peer(),
                        Rejection.Reason.SHAPE,
                        "evaluation: " + objection)));
        rejection.ifPresent(r -> rejections.merge(r.reason(), 1L, Long::sum));
        return rejection;
    }

    /** Number of rejections, by reason. */
    public SortedMap<Rejection.Reason, Long> counts() {
        return rejections;
    }
}
