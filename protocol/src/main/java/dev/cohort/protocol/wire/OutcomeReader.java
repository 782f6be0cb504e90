package dev.cohort.protocol.wire;

import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Term;
import dev.cohort.protocol.wire.proto.Wire;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Decodes outcomes and their terms. */
final class OutcomeReader {
    private final Checks checks;

    OutcomeReader(Checks checks) {
        this.checks = checks;
    }

    Outcome outcome(Wire.Outcome o) {
        Outcome.Resolution resolution = switch (o.getResolutionCase()) {
            case TARGETS -> targets(o.getTargets());
            case SKIPPED -> skipped(o.getSkipped());
            case RESOLUTION_NOT_SET -> throw new Refusal(Reason.BAD_VALUE, "outcome without targets or a skip reason");
        };
        return new Outcome(
                o.getStep(),
                o.getPart(),
                o.getCoordinator(),
                checks.digest(o.getStateBefore(), "hash of the teacher state"),
                checks.list(o.getContributorsCount(), i -> contributor(o.getContributors(i))),
                checks.ints(o.getRenewedCount(), o::getRenewed),
                resolution);
    }

    List<Term> terms(List<Wire.Term> terms) {
        return checks.list(terms.size(), i -> term(terms.get(i)));
    }

    private Outcome.Contributor contributor(Wire.Contributor c) {
        return new Outcome.Contributor(
                checks.peer(c.getPeer()),
                c.getSlot(),
                c.getIncarnation(),
                c.getVersion(),
                checks.digest(c.getTensors(), "digest of a prediction"));
    }

    private Outcome.Targets targets(Wire.Targets t) {
        return new Outcome.Targets(
                t.getLabelWeight(),
                terms(t.getTermsList()),
                checks.list(t.getAddressedCount(), i -> part(t.getAddressed(i))),
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
                    case REASON_NOT_FINITE -> Outcome.SkipReason.NOT_FINITE;
                    case REASON_UNSPECIFIED, UNRECOGNIZED ->
                        throw new Refusal(Reason.BAD_VALUE, "unknown skip reason " + s.getReasonValue());
                });
    }

    private Term term(Wire.Term t) {
        String name = t.getName();
        return switch (t.getKindCase()) {
            case SOFT_TARGET -> softTarget(name, t.getSoftTarget());
            case GATED_CROSS_ENTROPY ->
                new Term.GatedCrossEntropy(
                        name,
                        checks.tensor(t.getGatedCrossEntropy().getGates(), name),
                        t.getGatedCrossEntropy().getWeight());
            case LEAF_GRADIENT ->
                new Term.LeafGradient(
                        name,
                        t.getLeafGradient().getTensor(),
                        checks.tensor(t.getLeafGradient().getGradient(), name));
            case MAP_GRADIENT ->
                new Term.MapGradient(
                        name,
                        t.getMapGradient().getTensor(),
                        checks.reference(t.getMapGradient().getGradient(), name));
            case OWN_TARGET -> ownTarget(name, t.getOwnTarget());
            case OWN_BRANCHES ->
                new Term.OwnBranches(
                        name, t.getOwnBranches().getWeight(), t.getOwnBranches().getTemperature());
            case COPIES -> copies(name, t.getCopies());
            case CROSS_ENTROPY ->
                new Term.CrossEntropy(name, t.getCrossEntropy().getWeight());
            case FIGURES -> figures(name, t.getFigures());
            case KIND_NOT_SET -> throw new Refusal(Reason.BAD_VALUE, "term " + name + " of unknown kind");
        };
    }

    private static Term figures(String name, Wire.Figures figures) {
        SortedMap<String, Double> values = new TreeMap<>();
        for (Wire.Figure figure : figures.getFiguresList()) {
            if (values.put(figure.getName(), figure.getValue()) != null) {
                throw new Refusal(Reason.BAD_VALUE, "figure " + figure.getName() + ": must appear once");
            }
        }
        return new Term.Figures(name, values);
    }

    private Term copies(String name, Wire.Copies copies) {
        return new Term.Copies(
                name,
                copies.getStudentsList().stream()
                        .map(c -> new Term.Copy(c.getSlot(), checks.tensors(c.getWeightsList())))
                        .toList());
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
                o.getWeight(),
                o.getTemperature());
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
                s.getWeight(),
                s.getTemperature(),
                switch (s.getAudience()) {
                    case AUDIENCE_EVERYBODY -> Term.Audience.EVERYBODY;
                    case AUDIENCE_CONTRIBUTORS -> Term.Audience.CONTRIBUTORS;
                    case AUDIENCE_OTHERS -> Term.Audience.OTHERS;
                    case AUDIENCE_UNSPECIFIED, UNRECOGNIZED ->
                        throw new Refusal(Reason.BAD_VALUE, "unknown audience " + s.getAudienceValue() + " of " + name);
                });
    }
}
