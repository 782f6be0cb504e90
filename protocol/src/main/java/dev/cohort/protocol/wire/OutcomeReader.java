package dev.cohort.protocol.wire;

import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Term;
import dev.cohort.protocol.wire.proto.Wire;
import dev.cohort.tensor.Ints;
import java.util.List;

/** Outcomes and their terms from the wire. */
final class OutcomeReader {
    private final Checks checks;
    private final Limits limits;

    OutcomeReader(Checks checks) {
        this.checks = checks;
        this.limits = checks.limits();
    }

    Outcome outcome(Wire.Outcome o) {
        Outcome.Resolution resolution = switch (o.getResolutionCase()) {
            case TARGETS -> targets(o.getTargets());
            case SKIPPED -> skipped(o.getSkipped());
            case RESOLUTION_NOT_SET ->
                throw new Refusal(Reason.BAD_VALUE, "outcome with neither targets nor a reason why there are none");
        };
        return new Outcome(
                checks.atLeast(1, o.getStep(), "step"),
                checks.atLeast(0, o.getPart(), "part"),
                checks.name(o.getCoordinator(), "coordinator"),
                checks.digest(o.getStateBefore(), "hash of the teacher state"),
                checks.list(
                        o.getContributorsCount(),
                        limits.slotsMax(),
                        i -> contributor(o.getContributors(i)),
                        "contributors"),
                renewed(o.getRenewedList()),
                resolution);
    }

    private Ints renewed(List<Integer> slots) {
        return Ints.of(checks
                .list(
                        slots.size(),
                        limits.slotsMax(),
                        i -> checks.atMost(
                                limits.slotsMax() - 1, checks.atLeast(0, slots.get(i), "renewed slot"), "renewed slot"),
                        "renewed slots")
                .stream()
                .mapToInt(Integer::intValue)
                .toArray());
    }

    List<Term> terms(List<Wire.Term> terms) {
        return checks.list(terms.size(), limits.termsMax(), i -> term(terms.get(i)), "terms");
    }

    private Outcome.Contributor contributor(Wire.Contributor c) {
        return new Outcome.Contributor(
                checks.peer(c.getPeer()),
                checks.atLeast(0, c.getSlot(), "slot of a contributor"),
                checks.atLeast(1, c.getIncarnation(), "incarnation of a contributor"),
                checks.atLeast(0, c.getVersion(), "version of a contributor"),
                checks.digest(c.getTensors(), "digest of a prediction"));
    }

    private Outcome.Targets targets(Wire.Targets t) {
        return new Outcome.Targets(
                checks.finite(t.getLabelWeight(), "label weight"),
                terms(t.getTermsList()),
                checks.list(t.getAddressedCount(), limits.slotsMax(), i -> part(t.getAddressed(i)), "addressed parts"),
                t.getExact());
    }

    private Outcome.Part part(Wire.Part p) {
        return new Outcome.Part(checks.peer(p.getPeer()), checks.digest(p.getDigest(), "digest of an addressed part"));
    }

    private Outcome.Skipped skipped(Wire.Skipped s) {
        return new Outcome.Skipped(
                switch (s.getReason()) {
                    case REASON_TOO_FEW -> Outcome.SkipReason.TOO_FEW;
                    case REASON_INDEPENDENT -> Outcome.SkipReason.INDEPENDENT;
                    case REASON_UNSPECIFIED, UNRECOGNIZED ->
                        throw new Refusal(Reason.BAD_VALUE, "unknown reason to skip " + s.getReasonValue());
                });
    }

    private Term term(Wire.Term t) {
        String name = checks.name(t.getName(), "name of a term");
        return switch (t.getKindCase()) {
            case SOFT_TARGET -> softTarget(name, t.getSoftTarget());
            case GATED_CROSS_ENTROPY ->
                new Term.GatedCrossEntropy(
                        name,
                        checks.tensor(t.getGatedCrossEntropy().getGates(), name),
                        checks.finite(t.getGatedCrossEntropy().getWeight(), "weight of " + name));
            case LEAF_GRADIENT ->
                new Term.LeafGradient(
                        name,
                        checks.name(t.getLeafGradient().getTensor(), "tensor of " + name),
                        checks.tensor(t.getLeafGradient().getGradient(), name));
            case OWN_TARGET -> ownTarget(name, t.getOwnTarget());
            case OWN_BRANCHES ->
                new Term.OwnBranches(
                        name,
                        checks.finite(t.getOwnBranches().getWeight(), "weight of " + name),
                        temperature(t.getOwnBranches().getTemperature(), name));
            case COPIES -> copies(name, t.getCopies());
            case CROSS_ENTROPY ->
                new Term.CrossEntropy(name, checks.finite(t.getCrossEntropy().getWeight(), "weight of " + name));
            case KIND_NOT_SET ->
                throw new Refusal(Reason.BAD_VALUE, "term " + name + " of a kind that this program does not know");
        };
    }

    private Term copies(String name, Wire.Copies copies) {
        Limits limits = checks.limits();
        checks.atMost(limits.slotsMax(), copies.getStudentsCount(), "number of copies");
        return new Term.Copies(
                name,
                copies.getStudentsList().stream()
                        .map(c -> new Term.Copy(
                                checks.atMost(limits.slotsMax() - 1, checks.atLeast(0, c.getSlot(), "slot"), "slot"),
                                checks.tensors(c.getWeightsList())))
                        .toList());
    }

    private double temperature(double temperature, String name) {
        if (checks.finite(temperature, "temperature of " + name) <= 0) {
            throw new Refusal(Reason.BAD_VALUE, "temperature " + temperature + " of " + name + ": must be above 0");
        }
        return temperature;
    }

    private Term ownTarget(String name, Wire.OwnTarget o) {
        return new Term.OwnTarget(
                name,
                switch (o.getForm()) {
                    case FORM_DIVERGENCE -> Term.OwnTarget.Form.DIVERGENCE;
                    case FORM_SQUARES -> Term.OwnTarget.Form.SQUARES;
                    case FORM_UNSPECIFIED, UNRECOGNIZED ->
                        throw new Refusal(Reason.BAD_VALUE, "unknown form " + o.getFormValue() + " of " + name);
                },
                checks.finite(o.getWeight(), "weight of " + name),
                temperature(o.getTemperature(), name));
    }

    private Term softTarget(String name, Wire.SoftTarget s) {
        Term.Space space = switch (s.getSpace()) {
            case SPACE_LOGITS -> Term.Space.LOGITS;
            case SPACE_PROBABILITIES -> Term.Space.PROBABILITIES;
            case SPACE_UNSPECIFIED, UNRECOGNIZED ->
                throw new Refusal(Reason.BAD_VALUE, "unknown space " + s.getSpaceValue() + " of " + name);
        };
        Term.Vote vote = switch (s.getVote()) {
            case VOTE_INCLUDED -> Term.Vote.INCLUDED;
            case VOTE_LEFT_OUT -> Term.Vote.LEFT_OUT;
            case VOTE_OWN_TEACHER_LEFT_OUT -> Term.Vote.OWN_TEACHER_LEFT_OUT;
            case VOTE_UNSPECIFIED, UNRECOGNIZED ->
                throw new Refusal(Reason.BAD_VALUE, "unknown vote " + s.getVoteValue() + " of " + name);
        };
        return new Term.SoftTarget(
                name,
                checks.tensor(s.getValues(), name),
                space,
                vote,
                checks.finite(s.getWeight(), "weight of " + name),
                temperature(s.getTemperature(), name),
                switch (s.getAudience()) {
                    case AUDIENCE_EVERYBODY -> Term.Audience.EVERYBODY;
                    case AUDIENCE_CONTRIBUTORS -> Term.Audience.CONTRIBUTORS;
                    case AUDIENCE_OTHERS -> Term.Audience.OTHERS;
                    case AUDIENCE_UNSPECIFIED, UNRECOGNIZED ->
                        throw new Refusal(Reason.BAD_VALUE, "unknown audience " + s.getAudienceValue() + " of " + name);
                });
    }
}
