package dev.cohort.distill.maps;

import static dev.cohort.distill.FiniteDifferences.assertGradient;
import static dev.cohort.distill.FiniteDifferences.draws;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.protocol.SoftLabels;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class AdaptiveDistillationTest {
    private static final SoftLabels LABELS =
            new SoftLabels(3, List.of(Ints.of(0, 1, 2), Ints.of(1, 1, 0)), List.of(0.6, 0.4));
    private static final List<AdaptivePath> PATHS = Stream.of(
                    "nst:1",
                    "nst:0",
                    "logits",
                    "attention_transfer",
                    "soft_target",
                    "feature_map",
                    "softmax_regression")
            .map(AdaptivePath::of)
            .toList();
    private static final AdaptiveDistillation RULE = new AdaptiveDistillation(0.8, 3, PATHS);
    private static final AdaptiveWeights TRAINED = new AdaptiveWeights(
            List.of(0.3, -0.7, 1.1, 0.0, 0.4, -0.2, 0.9), List.of(0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0));

    private static Tensor logits(long seed) {
        return Tensor.of(DType.FLOAT64, draws(new SplittableRandom(seed), 9), 3, 3);
    }

    private static FeatureMap map(long seed, int channels, int size) {
        return FeatureMap.of(3, channels, size, size, draws(new SplittableRandom(seed), 3 * channels * size * size));
    }

    private static Adapter adapter(long seed, int out, int in) {
        SplittableRandom random = new SplittableRandom(seed);
        return new MapAdapter(NamedTensors.of(
                        Adapter.WEIGHT, Tensor.of(DType.FLOAT64, draws(random, out * in), out, in, 1, 1))
                .with(MapAdapter.GAMMA, Tensor.of(DType.FLOAT64, draws(random, out), out))
                .with(MapAdapter.BETA, Tensor.of(DType.FLOAT64, draws(random, out), out)));
    }

    private static AdaptiveDistillation.Student student(Tensor logits, FeatureMap first, FeatureMap second) {
        return new AdaptiveDistillation.Student(
                logits, List.of(first, second), List.of(adapter(1, 3, 2), new Adapter.None()));
    }

    private static AdaptiveDistillation.Teacher teacher() {
        SplittableRandom random = new SplittableRandom(9);
        TeacherHead head = new TeacherHead(
                Tensor.of(DType.FLOAT64, draws(random, 12), 3, 4), Tensor.of(DType.FLOAT64, draws(random, 3), 3));
        return new AdaptiveDistillation.Teacher(logits(2), List.of(map(3, 3, 4), map(4, 4, 2)), Optional.of(head));
    }

    @Test
    void gradientsAreThoseOfFiniteDifferences() {
        FeatureMap first = map(5, 2, 4);
        FeatureMap second = map(6, 4, 2);
        AdaptiveDistillation.Result result = RULE.of(LABELS, student(logits(7), first, second), teacher(), TRAINED);

        assertGradient(
                "logits",
                result.logits().toDoubles(),
                logits(7).toDoubles(),
                moved -> RULE.of(
                                LABELS,
                                student(Tensor.of(DType.FLOAT64, moved, 3, 3), first, second),
                                teacher(),
                                TRAINED)
                        .loss());
        assertGradient(
                "first map",
                result.maps().get(0).toDoubles(),
                first.toDoubles(),
                moved -> RULE.of(LABELS, student(logits(7), first.like(moved), second), teacher(), TRAINED)
                        .loss());
        assertGradient(
                "second map",
                result.maps().get(1).toDoubles(),
                second.toDoubles(),
                moved -> RULE.of(LABELS, student(logits(7), first, second.like(moved)), teacher(), TRAINED)
                        .loss());
        assertGradient(
                "a",
                result.weights().stream().mapToDouble(Double::doubleValue).toArray(),
                TRAINED.a().stream().mapToDouble(Double::doubleValue).toArray(),
                moved -> RULE.of(
                                LABELS,
                                student(logits(7), first, second),
                                teacher(),
                                new AdaptiveWeights(Arrays.stream(moved).boxed().toList(), TRAINED.velocity()))
                        .loss());
    }

    @Test
    void untrainedWeightsAddThePlainSum() {
        AdaptiveDistillation.Result result = RULE.of(
                LABELS, student(logits(7), map(5, 2, 4), map(6, 4, 2)), teacher(), AdaptiveWeights.untrained(7));
        double sum =
                result.pathLosses().stream().mapToDouble(Double::doubleValue).sum();

        assertThat(result.loss()).isCloseTo(result.crossEntropy() + 0.8 * sum, within(1e-12));
    }

    @Test
    void theScaleOfAPathDropsOut() {
        AdaptiveWeights plain = AdaptiveWeights.untrained(1);
        AdaptiveWeights scaled = AdaptiveWeights.untrained(1);
        for (int i = 0; i < 4000; i++) {
            plain = plain.step(plain.gradient(List.of(0.5), 1), 0.01, 0, 0);
            scaled = scaled.step(scaled.gradient(List.of(50.0), 1), 0.01, 0, 0);
        }

        assertThat(plain.weights().get(0)).isCloseTo(2, within(1e-9));
        assertThat(100 * scaled.weights().get(0))
                .as("what a gradient of the path is multiplied by")
                .isCloseTo(plain.weights().get(0), within(1e-9));
    }

    @Test
    void saysWhichPathCannotBeTaken() {
        assertThatThrownBy(() -> AdaptivePath.of("nts"))
                .hasMessage("path nts: must be one of nst, logits, attention_transfer, soft_target, feature_map,"
                        + " softmax_regression");
        assertThatThrownBy(() -> AdaptivePath.of("nst:x")).hasMessage("path nst:x: its stage must be a number from 0");
        assertThatThrownBy(() -> AdaptivePath.of("logits:1"))
                .hasMessage("path logits:1: must be a path on maps to have a stage, and the stage from 0");
        AdaptiveDistillation third = new AdaptiveDistillation(1, 1, List.of(AdaptivePath.of("nst:2")));
        assertThatThrownBy(() -> third.of(
                        LABELS,
                        student(logits(7), map(5, 2, 4), map(6, 4, 2)),
                        teacher(),
                        AdaptiveWeights.untrained(1)))
                .hasMessage("path nst:2: must be of a stage below 2, the number of maps");
    }
}
