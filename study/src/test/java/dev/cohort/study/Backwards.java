package dev.cohort.study;

import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/** Teachers that teach the opposite. */
final class Backwards {
    private Backwards() {}

    static List<Term> terms(List<Term> terms) {
        return terms.stream()
                .map(term -> term instanceof Term.SoftTarget soft
                        ? (Term) new Term.SoftTarget(
                                soft.name(),
                                negative(soft.values()),
                                soft.space(),
                                soft.vote(),
                                soft.weight(),
                                soft.temperature())
                        : term)
                .toList();
    }

    private static Tensor negative(Tensor values) {
        double[] turned = Arrays.stream(values.toDoubles()).map(v -> -v).toArray();
        return Tensor.of(DType.FLOAT32, turned, values.dimension(0), values.dimension(1));
    }
}
