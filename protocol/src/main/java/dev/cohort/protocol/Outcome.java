package dev.cohort.protocol;

import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.Ints;
import java.util.List;

/**
 * How a step ended. A coordinator only proposes; the first outcome per (step, part) in the log counts, for all readers.
 *
 * @param coordinator name of the writer; for people, part of no digest
 * @param stateBefore hash of the teacher state from which it was computed
 * @param contributors the predictions from which it was computed, in the order of their slots
 * @param renewed slots whose trained parameters are reset with this step, because another peer votes from them now; ascending
 * @param resolution targets, or why the step has none
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

    /** An outcome without renewed slots. */
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

    /** Targets, or why the step has none. */
    public sealed interface Resolution {}

    /**
     * @param labelWeight factor of the cross-entropy with the labels
     * @param terms terms for everybody, in order
     * @param addressed parts for single peers, on {@link Topic#ADDRESSED}
     * @param exact whether every slot of the method was present, so that the step equals the single-process step
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

    /** An {@link Addressed} message that this outcome includes; others are ignored. */
    public record Part(PeerId peer, Digest digest) {}

    /** No targets: every peer makes one update on the labels alone. */
    public record Skipped(SkipReason reason) implements Resolution {}

    /** Why a step has no targets. */
    public enum SkipReason {
        /** Fewer contributors than the method needs. */
        TOO_FEW,
        /** The method does not distil. */
        INDEPENDENT,
        /** The targets, or the teacher's update, would not be finite. */
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
            TermDigest.hash(targets.terms(), hasher);
            hasher.number(targets.addressed().size());
            targets.addressed().forEach(p -> hasher.text(p.peer().value()).digest(p.digest()));
        } else if (resolution instanceof Skipped skipped) {
            hasher.text(word(skipped.reason()));
        }
        return hasher.digest();
    }

    /** Part of the protocol, never changed: see {@link TermDigest}. */
    private static String word(SkipReason reason) {
        return switch (reason) {
            case TOO_FEW -> "TOO_FEW";
            case INDEPENDENT -> "INDEPENDENT";
            case NOT_FINITE -> "NOT_FINITE";
        };
    }
}
