package dev.cohort.protocol.wire;

import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Term;
import dev.cohort.protocol.wire.proto.Wire;

/** Encodes outcomes, addressed parts and their terms. */
final class OutcomeWriter {
    private OutcomeWriter() {}

    static Wire.Outcome outcome(Outcome o) {
        Wire.Outcome.Builder wire = Wire.Outcome.newBuilder()
                .setStep(o.step())
                .setPart(o.part())
                .setCoordinator(o.coordinator())
                .setStateBefore(WireWriter.bytes(o.stateBefore()));
        for (Outcome.Contributor c : o.contributors()) {
            wire.addContributors(Wire.Contributor.newBuilder()
                    .setPeer(c.peer().value())
                    .setSlot(c.slot())
                    .setIncarnation(c.incarnation())
                    .setVersion(c.version())
                    .setTensors(WireWriter.bytes(c.tensors())));
        }
        wire.addAllRenewed(o.renewed().stream().boxed().toList());
        if (o.resolution() instanceof Outcome.Targets targets) {
            wire.setTargets(targets(targets));
        } else if (o.resolution() instanceof Outcome.Skipped skipped) {
            wire.setSkipped(Wire.Skipped.newBuilder()
                    .setReason(
                            switch (skipped.reason()) {
                                case TOO_FEW -> Wire.Skipped.Reason.REASON_TOO_FEW;
                                case INDEPENDENT -> Wire.Skipped.Reason.REASON_INDEPENDENT;
                                case NOT_FINITE -> Wire.Skipped.Reason.REASON_NOT_FINITE;
                            }));
        }
        return wire.build();
    }

    static Wire.Addressed addressed(Addressed a) {
        Wire.Addressed.Builder wire = Wire.Addressed.newBuilder()
                .setStep(a.step())
                .setPart(a.part())
                .setPeer(a.peer().value())
                .setSlot(a.slot());
        a.terms().forEach(term -> wire.addTerms(term(term)));
        return wire.build();
    }

    private static Wire.Targets targets(Outcome.Targets t) {
        Wire.Targets.Builder wire =
                Wire.Targets.newBuilder().setLabelWeight(t.labelWeight()).setExact(t.exact());
        t.terms().forEach(term -> wire.addTerms(term(term)));
        for (Outcome.Part part : t.addressed()) {
            wire.addAddressed(
                    Wire.Part.newBuilder().setPeer(part.peer().value()).setDigest(WireWriter.bytes(part.digest())));
        }
        return wire.build();
    }

    private static Wire.Term term(Term term) {
        Wire.Term.Builder wire = Wire.Term.newBuilder().setName(term.name());
        if (term instanceof Term.SoftTarget soft) {
            wire.setSoftTarget(softTarget(soft));
        } else if (term instanceof Term.GatedCrossEntropy gated) {
            wire.setGatedCrossEntropy(Wire.GatedCrossEntropy.newBuilder()
                    .setGates(WireWriter.tensor(gated.gates()))
                    .setWeight(gated.weight()));
        } else if (term instanceof Term.LeafGradient leaf) {
            wire.setLeafGradient(Wire.LeafGradient.newBuilder()
                    .setTensor(leaf.tensor())
                    .setGradient(WireWriter.tensor(leaf.gradient())));
        } else if (term instanceof Term.MapGradient map) {
            wire.setMapGradient(Wire.MapGradient.newBuilder()
                    .setTensor(map.tensor())
                    .setGradient(WireWriter.reference(map.gradient())));
        } else if (term instanceof Term.OwnTarget own) {
            wire.setOwnTarget(Wire.OwnTarget.newBuilder()
                    .setForm(
                            switch (own.form()) {
                                case DIVERGENCE -> Wire.OwnTarget.Form.FORM_DIVERGENCE;
                                case SQUARES -> Wire.OwnTarget.Form.FORM_SQUARES;
                            })
                    .setWeight(own.weight())
                    .setTemperature(own.temperature()));
        } else if (term instanceof Term.Copies copies) {
            Wire.Copies.Builder all = Wire.Copies.newBuilder();
            copies.students()
                    .forEach(c -> all.addStudents(
                            Wire.Copy.newBuilder().setSlot(c.slot()).addAllWeights(WireWriter.tensors(c.weights()))));
            wire.setCopies(all);
        } else if (term instanceof Term.OwnBranches branches) {
            wire.setOwnBranches(
                    Wire.OwnBranches.newBuilder().setWeight(branches.weight()).setTemperature(branches.temperature()));
        } else if (term instanceof Term.CrossEntropy labels) {
            wire.setCrossEntropy(Wire.CrossEntropy.newBuilder().setWeight(labels.weight()));
        } else if (term instanceof Term.Figures figures) {
            Wire.Figures.Builder all = Wire.Figures.newBuilder();
            figures.values()
                    .forEach((name, value) -> all.addFigures(
                            Wire.Figure.newBuilder().setName(name).setValue(value)));
            wire.setFigures(all);
        } else {
            throw new IllegalStateException("no wire form of " + term.getClass().getSimpleName());
        }
        return wire.build();
    }

    private static Wire.SoftTarget softTarget(Term.SoftTarget s) {
        return Wire.SoftTarget.newBuilder()
                .setValues(WireWriter.tensor(s.values()))
                .setSpace(
                        switch (s.space()) {
                            case LOGITS -> Wire.SoftTarget.Space.SPACE_LOGITS;
                            case PROBABILITIES -> Wire.SoftTarget.Space.SPACE_PROBABILITIES;
                        })
                .setVote(
                        switch (s.vote()) {
                            case INCLUDED -> Wire.SoftTarget.Vote.VOTE_INCLUDED;
                            case LEFT_OUT -> Wire.SoftTarget.Vote.VOTE_LEFT_OUT;
                            case OWN_TEACHER_LEFT_OUT -> Wire.SoftTarget.Vote.VOTE_OWN_TEACHER_LEFT_OUT;
                        })
                .setAudience(
                        switch (s.audience()) {
                            case EVERYBODY -> Wire.SoftTarget.Audience.AUDIENCE_EVERYBODY;
                            case CONTRIBUTORS -> Wire.SoftTarget.Audience.AUDIENCE_CONTRIBUTORS;
                            case OTHERS -> Wire.SoftTarget.Audience.AUDIENCE_OTHERS;
                        })
                .setWeight(s.weight())
                .setTemperature(s.temperature())
                .build();
    }
}
