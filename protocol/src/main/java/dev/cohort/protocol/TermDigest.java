package dev.cohort.protocol;

import dev.cohort.tensor.Hasher;
import java.util.List;

/**
 * Terms in digests. The words hashed here are part of the protocol (PROTOCOL.md, "Digests"): they happen to be the names of
 * classes and constants when they were fixed, and stay as they are whatever becomes of those.
 */
public final class TermDigest {
    private final Hasher hasher;

    private TermDigest(Hasher hasher) {
        this.hasher = hasher;
    }

    /** Adds {@code terms} to a digest. */
    public static void hash(List<Term> terms, Hasher hasher) {
        TermDigest digest = new TermDigest(hasher);
        hasher.number(terms.size());
        terms.forEach(digest::add);
    }

    private void add(Term term) {
        if (term instanceof Term.SoftTarget soft) {
            kind("SoftTarget", term)
                    .tensor(soft.values())
                    .text(word(soft.space()))
                    .text(word(soft.vote()))
                    .number(soft.weight())
                    .number(soft.temperature())
                    .text(word(soft.audience()));
        } else if (term instanceof Term.GatedCrossEntropy gated) {
            kind("GatedCrossEntropy", term).tensor(gated.gates()).number(gated.weight());
        } else if (term instanceof Term.LeafGradient leaf) {
            kind("LeafGradient", term).text(leaf.tensor()).tensor(leaf.gradient());
        } else if (term instanceof Term.MapGradient map) {
            map.gradient().hash(kind("MapGradient", term).text(map.tensor()));
        } else if (term instanceof Term.OwnTarget own) {
            kind("OwnTarget", term).text(word(own.form())).number(own.weight()).number(own.temperature());
        } else if (term instanceof Term.Copies copies) {
            kind("Copies", term).number(copies.students().size());
            copies.students()
                    .forEach(c -> hasher.number(c.slot()).digest(c.weights().digest()));
        } else if (term instanceof Term.OwnBranches branches) {
            kind("OwnBranches", term).number(branches.weight()).number(branches.temperature());
        } else if (term instanceof Term.CrossEntropy labels) {
            kind("CrossEntropy", term).number(labels.weight());
        } else if (term instanceof Term.Figures figures) {
            kind("Figures", term).number(figures.values().size());
            figures.values().forEach((name, value) -> hasher.text(name).number(value));
        }
    }

    private Hasher kind(String kind, Term term) {
        return hasher.text(kind).text(term.name());
    }

    private static String word(Term.Space space) {
        return switch (space) {
            case LOGITS -> "LOGITS";
            case PROBABILITIES -> "PROBABILITIES";
        };
    }

    private static String word(Term.Vote vote) {
        return switch (vote) {
            case INCLUDED -> "INCLUDED";
            case LEFT_OUT -> "LEFT_OUT";
            case OWN_TEACHER_LEFT_OUT -> "OWN_TEACHER_LEFT_OUT";
        };
    }

    private static String word(Term.Audience audience) {
        return switch (audience) {
            case EVERYBODY -> "EVERYBODY";
            case CONTRIBUTORS -> "CONTRIBUTORS";
            case OTHERS -> "OTHERS";
        };
    }

    private static String word(Term.OwnTarget.Form form) {
        return switch (form) {
            case DIVERGENCE -> "DIVERGENCE";
            case SQUARES -> "SQUARES";
        };
    }
}
