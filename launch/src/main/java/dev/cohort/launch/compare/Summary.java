package dev.cohort.launch.compare;

import dev.cohort.study.view.Spread;
import dev.cohort.study.view.Words;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Statistics over seeds of the finished runs of a comparison. Differences are paired: both sides come from one run, or from runs
 * with the same seed and so the same initial weights and batches.
 *
 * @param name of the comparison
 * @param variants their names, in order
 * @param rows finished runs
 * @param planned number of planned runs
 */
public record Summary(String name, List<String> variants, List<Row> rows, int planned) {
    public Summary {
        variants = List.copyOf(variants);
        rows = List.copyOf(rows);
    }

    /** Accuracy over seeds; empty when no finished run of the variant has it. */
    public Optional<Spread> accuracy(String variant, Figure figure) {
        return over(variant, row -> row.accuracy(figure));
    }

    /** Gain over the control peer of the same run. */
    public Optional<Spread> againstControl(String variant, Figure figure) {
        return over(variant, row -> row.gain(figure));
    }

    /** Gain over the first variant with the same seed. */
    public Optional<Spread> againstFirst(String variant, Figure figure) {
        if (variants.isEmpty() || variant.equals(first())) {
            return Optional.empty();
        }
        Map<Long, Double> base = new TreeMap<>();
        of(first())
                .forEach(row ->
                        row.accuracy(figure).ifPresent(a -> base.put(row.run().seed(), a)));
        return over(variant, row -> {
            OptionalDouble own = row.accuracy(figure);
            Optional<Double> other = Optional.ofNullable(base.get(row.run().seed()));
            return own.isPresent() && other.isPresent()
                    ? OptionalDouble.of(own.getAsDouble() - other.get())
                    : OptionalDouble.empty();
        });
    }

    /** Wall time of the runs that were not interrupted, seconds. */
    public OptionalDouble seconds(String variant) {
        return of(variant).stream()
                .filter(row -> !row.resumed())
                .mapToDouble(Row::seconds)
                .average();
    }

    /** The variant that the others are compared with. */
    public String first() {
        return variants.get(0);
    }

    /** The method of a variant, once a run of it is finished. */
    public String method(String variant) {
        return of(variant).stream().findFirst().map(Row::method).orElse("");
    }

    private List<Row> of(String variant) {
        return rows.stream().filter(row -> row.run().variant().equals(variant)).toList();
    }

    private Optional<Spread> over(String variant, Function<Row, OptionalDouble> figure) {
        return Spread.of(of(variant).stream()
                .map(figure)
                .filter(OptionalDouble::isPresent)
                .map(OptionalDouble::getAsDouble)
                .toList());
    }

    /** One paired difference. */
    public record Difference(String variant, Figure figure, String against, Spread spread) {
        /** Both sides without the variant: {@code Ensemble against independent}. */
        String words() {
            String what = switch (figure) {
                case PEERS -> against.equals(CONTROL) ? "Peers with control's model" : "Mean of peers";
                case ENSEMBLE -> "Ensemble";
                case TEACHER -> "Teacher";
                case CONTROL -> "Control";
            };
            return what + " against " + against;
        }
    }

    static final String CONTROL = "control";

    /** All known paired differences: against the control peer, then against the first variant. */
    public List<Difference> differences() {
        List<Difference> found = new ArrayList<>();
        for (Figure figure : List.of(Figure.PEERS, Figure.ENSEMBLE)) {
            variants.forEach(
                    v -> againstControl(v, figure).ifPresent(s -> found.add(new Difference(v, figure, CONTROL, s))));
        }
        for (Figure figure : List.of(Figure.PEERS, Figure.ENSEMBLE)) {
            variants.forEach(
                    v -> againstFirst(v, figure).ifPresent(s -> found.add(new Difference(v, figure, first(), s))));
        }
        return found;
    }

    /** Interprets the differences in sentences that claim no more than was measured. */
    public List<String> reading() {
        List<String> sentences = new ArrayList<>();
        if (rows.size() < planned) {
            sentences.add(rows.size() + " of " + planned + " runs are finished; the following covers these only.");
        }
        List<Difference> all = differences();
        List<Difference> judged =
                all.stream().filter(d -> d.spread().runs() >= Spread.RUNS_MIN).toList();
        if (judged.isEmpty()) {
            sentences.add("With fewer than " + Spread.RUNS_MIN
                    + " seeds the spread over seeds is unknown, so no difference is claimed: give at least "
                    + Spread.RUNS_MIN + " (--seeds 1,2,3).");
            return sentences;
        }
        judged.stream()
                .collect(Collectors.groupingBy(Difference::words, LinkedHashMap::new, Collectors.toList()))
                .forEach((words, group) -> sentences.add(words + ": " + verdict(group)));
        sentences.add("Differences are paired by seed; the spread is the 95 % confidence interval of their mean. Of "
                + Words.count(judged.size(), "difference") + " about " + Words.decimals(0.05 * judged.size(), 1)
                + " would exceed it by chance alone.");
        sentences.add(
                "An ensemble of several networks beats one network even without distillation: compare it with the ensemble"
                        + " of a variant without distillation to see what distillation adds.");
        return sentences;
    }

    private static String verdict(List<Difference> group) {
        List<String> beyond = group.stream()
                .filter(d -> d.spread().exceeds())
                .map(d -> d.variant() + " " + d.spread().points())
                .toList();
        String within = group.stream()
                .filter(d -> !d.spread().exceeds())
                .map(Difference::variant)
                .collect(Collectors.joining(", "));
        return beyond.isEmpty()
                ? "no difference exceeds the spread over seeds."
                : "more than the spread over seeds: " + String.join(", ", beyond)
                        + (within.isEmpty() ? "." : "; within it: " + within + ".");
    }
}
