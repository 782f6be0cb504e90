package dev.cohort.protocol;

import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.Ints;
import java.util.List;

/**
 * How a step ended. A coordinator only proposes; the first outcome per (step, part) in the log wins, for everybody.
 *
 * @param coordinator who wrote it; for people, part of no digest
 * @param stateBefore hash of the teacher state it was computed from
 * @param contributors whose predictions it was computed from, in the order of their slots
 * @param renewed slots whose trained parameters begin anew with this step, since another peer votes from them now; ascending
 * @param resolution targets, or why there are none
 */
public record Outcome(
        long step,
        int part,
        String coordinator,
        Digest stateBefore,
        List<Contributor> contributors,
        Ints renewed,
        Resolution resolution)
        implements Message {
    public Outcome {
        contributors = List.copyOf(contributors);
        Sayable.atLeast(1, step, "step");
        Sayable.atLeast(0, part, "part");
        Sayable.name(coordinator, "coordinator");
        Sayable.count(Limits.DEFAULT.slotsMax(), contributors, "contributors");
        Sayable.atMost(Limits.DEFAULT.slotsMax(), renewed.size(), "number of renewed slots");
        renewed.stream().forEach(slot -> Sayable.slot(slot, "renewed slot"));
    }

    /** One in which every slot is what it was. */
    public Outcome(
            long step,
            int part,
            String coordinator,
            Digest stateBefore,
            List<Contributor> contributors,
            Resolution resolution) {
        this(step, part, coordinator, stateBefore, contributors, Ints.of(), resolution);
    }

    /**
     * One prediction that an outcome names.
     *
     * @param tensors {@link dev.cohort.tensor.NamedTensors#digest} of the prediction
     */
    public record Contributor(PeerId peer, int slot, long incarnation, long version, Digest tensors) {
        public Contributor {
            Sayable.slot(slot, "slot of a contributor");
            Sayable.atLeast(1, incarnation, "incarnation of a contributor");
            Sayable.atLeast(0, version, "version of a contributor");
        }
    }

    /** Targets, or why there are none. */
    public sealed interface Resolution {}

    /**
     * @param labelWeight factor of the cross-entropy with the labels
     * @param terms for everybody, in order
     * @param addressed parts for single peers, on a topic of their own
     * @param exact whether every slot of the method was present, so that the step equals the single-process one
     */
    public record Targets(double labelWeight, List<Term> terms, List<Part> addressed, boolean exact)
            implements Resolution {
        public Targets {
            terms = List.copyOf(terms);
            addressed = List.copyOf(addressed);
            Sayable.finite(labelWeight, "label weight");
            Sayable.terms(terms);
            Sayable.count(Limits.DEFAULT.slotsMax(), addressed, "addressed parts");
        }
    }

    /** An {@link Addressed} message this outcome includes; any other is ignored. */
    public record Part(PeerId peer, Digest digest) {}

    /** No targets: everybody makes one update on the labels alone. */
    public record Skipped(SkipReason reason) implements Resolution {}

    /** Why a step has no targets. */
    public enum SkipReason {
        /** Fewer contributors than the method needs. */
        TOO_FEW,
        /** The method does not distil. */
        INDEPENDENT,
        /** What the teacher makes of the predictions, or would learn from them, is not finite. */
        NOT_FINITE
    }

    /** Digest of all but the coordinator's name. */
    public Digest digest() {
        Hasher hasher =
                new Hasher().number(step).number(part).digest(stateBefore).number(contributors.size());
        for (Contributor c : contributors) {
            hasher.text(c.peer().value())
                    .number(c.slot())
                    .number(c.incarnation())
                    .number(c.version())
                    .digest(c.tensors());
        }
        if (renewed.size() > 0) {
            hasher.text("renewed").ints(renewed);
        }
        if (resolution instanceof Targets targets) {
            hasher.text("targets").number(targets.labelWeight()).number(targets.exact() ? 1 : 0);
            Term.hash(targets.terms(), hasher);
            hasher.number(targets.addressed().size());
            targets.addressed().forEach(p -> hasher.text(p.peer().value()).digest(p.digest()));
        } else if (resolution instanceof Skipped skipped) {
            hasher.text(skipped.reason().name());
        }
        return hasher.digest();
    }
}
