package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.golden.GoldenFile;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Rules of path weights against numbers computed elsewhere; there is nothing to round to a wire type. */
class PathWeightsGoldenTest {
    private static final int SLOT = 1;

    @TestFactory
    Stream<DynamicTest> weighsAsTheFormulasSay() {
        return GoldenFile.all().stream()
                .filter(file -> file.method().equals("path_weights"))
                .map(file -> DynamicTest.dynamicTest(file.toString(), () -> {
                    GoldenFile run = file.within(1e-9);
                    uncertainty(run);
                    dwa(run);
                    mgda(run);
                    run.assertAllCompared();
                }));
    }

    private static void uncertainty(GoldenFile file) {
        double[] losses = GoldenFile.numbers(file.input("losses"));
        double[] s = GoldenFile.numbers(file.input("s"));
        file.compare("uncertainty_loss", PathWeights.uncertaintyLoss(losses, s));
        PathWeights rule = rule(PathWeights.Rule.UNCERTAINTY, s.length);
        Map<String, Tensor> start = new TreeMap<>();
        rule.initial(start, SLOT);
        start.put("paths.1.s", Tensor.of(DType.FLOAT64, s, s.length));
        NamedTensors state = NamedTensors.of(start);
        PathWeights.Observed seen = observed(losses, new double[s.length * s.length]);
        double[] weights = rule.weights(state, SLOT, seen);
        // With s constant, what is trained and what weighs must be the same loss.
        double weighed = IntStream.range(0, s.length)
                .mapToDouble(k -> weights[k] * losses[k] + s[k])
                .sum();
        file.compare("uncertainty_loss", weighed);
        double[] after = rule.updated(state, SLOT, seen, weights, 0.5, Cohort.sgd(0, false, 0))
                .get("paths.1.s")
                .toDoubles();
        file.compare(
                "grad_s",
                IntStream.range(0, s.length)
                        .mapToDouble(k -> (s[k] - after[k]) / 0.5)
                        .toArray());
        file.compare("grad_s", PathWeights.uncertaintyGradient(losses, s));
    }

    private static void dwa(GoldenFile file) {
        double[] previous = GoldenFile.numbers(file.input("previous"));
        double[] before = GoldenFile.numbers(file.input("before_previous"));
        assertThat(file.hyper("dwa_temperature")).isEqualTo(PathWeights.DWA_TEMPERATURE);
        PathWeights rule = rule(PathWeights.Rule.DWA, previous.length);
        Map<String, Tensor> start = new TreeMap<>();
        rule.initial(start, SLOT);
        start.put("paths.1.previous", Tensor.of(DType.FLOAT64, previous, previous.length));
        start.put("paths.1.before", Tensor.of(DType.FLOAT64, before, before.length));
        double[] gram = new double[previous.length * previous.length];

        file.compare("dwa", rule.weights(NamedTensors.of(start), SLOT, observed(previous, gram)));
    }

    private static void mgda(GoldenFile file) {
        double[] first = GoldenFile.numbers(file.input("g1"));
        double[] second = GoldenFile.numbers(file.input("g2"));
        double[] gram = {dot(first, first), dot(first, second), dot(first, second), dot(second, second)};
        double[] weights =
                rule(PathWeights.Rule.MGDA, 2).weights(NamedTensors.none(), SLOT, observed(new double[2], gram));

        file.compare("mgda_weight_of_g1", weights[0]);
        file.compare(
                "mgda_min_norm",
                IntStream.range(0, first.length)
                        .mapToDouble(i -> weights[0] * first[i] + weights[1] * second[i])
                        .toArray());
    }

    private static PathWeights rule(PathWeights.Rule rule, int paths) {
        return new PathWeights(rule, new double[paths], 1, 1);
    }

    private static PathWeights.Observed observed(double[] losses, double[] gram) {
        return new PathWeights.Observed(0, IntStream.range(0, losses.length).toArray(), losses, gram);
    }

    private static double dot(double[] one, double[] other) {
        double sum = 0;
        for (int i = 0; i < one.length; i++) {
            sum += one[i] * other[i];
        }
        return sum;
    }
}
