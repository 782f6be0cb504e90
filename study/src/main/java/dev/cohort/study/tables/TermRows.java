package dev.cohort.study.tables;

import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;

/** Fills the table of terms with those of one step. */
final class TermRows {
    private final Rows rows;
    private final int classes;
    private final long step;
    private final int part;

    TermRows(Rows rows, int classes, long step, int part) {
        this.rows = rows;
        this.classes = classes;
        this.step = step;
        this.part = part;
    }

    /** The cells that depend on the kind of a term. */
    private record Cells(
            String kind,
            OptionalDouble weight,
            OptionalDouble temperature,
            Optional<String> tensor,
            Optional<Tensor> values) {
        static Cells of(String kind, double weight, Optional<Tensor> values) {
            return new Cells(kind, OptionalDouble.of(weight), OptionalDouble.empty(), Optional.empty(), values);
        }

        Cells at(double degrees) {
            return new Cells(kind, weight, OptionalDouble.of(degrees), tensor, values);
        }
    }

    void add(Optional<PeerId> peer, List<Term> terms) {
        for (int i = 0; i < terms.size(); i++) {
            Term term = terms.get(i);
            if (term instanceof Term.Figures figures) {
                figures(peer, i, figures);
                continue;
            }
            Cells cells = cells(term);
            Optional<Term.SoftTarget> soft = term instanceof Term.SoftTarget s ? Optional.of(s) : Optional.empty();
            rows.number(step)
                    .number(part)
                    .text(peer.map(PeerId::value))
                    .number(i)
                    .text(term.name())
                    .text(cells.kind)
                    .real(cells.weight)
                    .real(cells.temperature)
                    .text(StepTables.lower(term.audience()))
                    .text(soft.map(s -> StepTables.lower(s.space())))
                    .text(soft.map(s -> StepTables.lower(s.vote())))
                    .text(cells.tensor);
            values(cells.values);
            rows.real(soft.map(this::entropy).orElse(OptionalDouble.empty())).end();
        }
    }

    private void figures(Optional<PeerId> peer, int ordinal, Term.Figures figures) {
        figures.values().forEach((name, value) -> {
            rows.number(step)
                    .number(part)
                    .text(peer.map(PeerId::value))
                    .number(ordinal)
                    .text(name)
                    .text("figure")
                    .real(value)
                    .real(OptionalDouble.empty())
                    .text(StepTables.lower(figures.audience()));
            for (int i = 0; i < 3; i++) {
                rows.text(Optional.empty());
            }
            values(Optional.empty());
            rows.real(OptionalDouble.empty()).end();
        });
    }

    private static Cells cells(Term term) {
        if (term instanceof Term.SoftTarget soft) {
            return Cells.of("soft_target", soft.weight(), Optional.of(soft.values()))
                    .at(soft.temperature());
        } else if (term instanceof Term.OwnTarget own) {
            return Cells.of("own_target", own.weight(), Optional.empty()).at(own.temperature());
        } else if (term instanceof Term.OwnBranches branches) {
            return Cells.of("own_branches", branches.weight(), Optional.empty()).at(branches.temperature());
        } else if (term instanceof Term.CrossEntropy labels) {
            return Cells.of("cross_entropy", labels.weight(), Optional.empty());
        } else if (term instanceof Term.GatedCrossEntropy gated) {
            return Cells.of("gated_cross_entropy", gated.weight(), Optional.of(gated.gates()));
        } else if (term instanceof Term.LeafGradient leaf) {
            return new Cells(
                    "leaf_gradient",
                    OptionalDouble.empty(),
                    OptionalDouble.empty(),
                    Optional.of(leaf.tensor()),
                    Optional.of(leaf.gradient()));
        }
        if (term instanceof Term.MapGradient map) {
            return new Cells(
                    "map_gradient",
                    OptionalDouble.empty(),
                    OptionalDouble.empty(),
                    Optional.of(map.tensor()),
                    Optional.empty());
        }
        return new Cells("copies", OptionalDouble.empty(), OptionalDouble.empty(), Optional.empty(), Optional.empty());
    }

    private void values(Optional<Tensor> values) {
        if (values.isEmpty() || values.get().size() == 0) {
            rows.number(OptionalLong.empty()).number(OptionalLong.empty());
            for (int i = 0; i < 4; i++) {
                rows.real(OptionalDouble.empty());
            }
            return;
        }
        Tensor tensor = values.get();
        double[] all = tensor.toDoubles();
        int height = tensor.shape().size() == 0 ? 1 : tensor.dimension(0);
        double minimum = all[0];
        double maximum = all[0];
        double sum = 0;
        double squares = 0;
        for (double value : all) {
            minimum = Math.min(minimum, value);
            maximum = Math.max(maximum, value);
            sum += value;
            squares += value * value;
        }
        rows.number(height)
                .number(all.length / height)
                .real(minimum)
                .real(sum / all.length)
                .real(maximum)
                .real(StrictMath.sqrt(squares));
    }

    private OptionalDouble entropy(Term.SoftTarget soft) {
        double[] values = soft.values().toDoubles();
        if (values.length == 0 || values.length % classes != 0) {
            return OptionalDouble.empty();
        }
        RowMeans means = soft.space() == Term.Space.LOGITS
                ? RowMeans.ofLogits(values, classes, Optional.empty())
                : RowMeans.ofProbabilities(values, classes, Optional.empty());
        return OptionalDouble.of(means.entropy());
    }
}
