package dev.cohort.distill.maps;

import static dev.cohort.distill.FiniteDifferences.assertGradient;
import static dev.cohort.distill.FiniteDifferences.draws;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

/** Factor transfer from one teacher and from several, and its paraphraser. */
class FactorsTest {
    private static Tensor tensor(SplittableRandom random, int... shape) {
        return Tensor.of(DType.FLOAT64, draws(random, Arrays.stream(shape).reduce(1, (a, b) -> a * b)), shape);
    }

    private static FeatureMap map(SplittableRandom random, int... shape) {
        return FeatureMap.of(tensor(random, shape));
    }

    private static NamedTensors translator(SplittableRandom random, int in, int code) {
        return NamedTensors.of(Translator.weight(1), tensor(random, in, in, 3, 3))
                .with(Translator.weight(2), tensor(random, code, in, 3, 3))
                .with(Translator.weight(3), tensor(random, code, code, 3, 3))
                .with(Translator.bias(1), tensor(random, in))
                .with(Translator.bias(2), tensor(random, code))
                .with(Translator.bias(3), tensor(random, code));
    }

    private static NamedTensors paraphraser(SplittableRandom random, int in, int code) {
        NamedTensors parameters = NamedTensors.none();
        NamedTensors encoder = translator(random, in, code);
        for (int layer = 1; layer <= Translator.LAYERS; layer++) {
            parameters = parameters
                    .with(Paraphraser.encoderWeight(layer), encoder.get(Translator.weight(layer)))
                    .with(Paraphraser.encoderBias(layer), encoder.get(Translator.bias(layer)));
        }
        return parameters
                .with(Paraphraser.decoderWeight(1), tensor(random, code, code, 3, 3))
                .with(Paraphraser.decoderWeight(2), tensor(random, code, in, 3, 3))
                .with(Paraphraser.decoderWeight(3), tensor(random, in, in, 3, 3))
                .with(Paraphraser.decoderBias(1), tensor(random, code))
                .with(Paraphraser.decoderBias(2), tensor(random, in))
                .with(Paraphraser.decoderBias(3), tensor(random, in));
    }

    private static void assertParameters(
            NamedTensors gradients, NamedTensors parameters, ToDoubleFunction<NamedTensors> loss) {
        assertThat(gradients.asMap().keySet()).isEqualTo(parameters.asMap().keySet());
        gradients.asMap().forEach((name, gradient) -> {
            int[] shape = parameters.get(name).shape().toArray();
            assertThat(gradient.shape().toArray()).as(name).isEqualTo(shape);
            assertGradient(
                    name,
                    gradient.toDoubles(),
                    parameters.get(name).toDoubles(),
                    moved -> loss.applyAsDouble(parameters.with(name, Tensor.of(DType.FLOAT64, moved, shape))));
        });
    }

    @Test
    void theEnsembleHasTheGradientsOfItsLossForTeachersOfAnyWidth() {
        // With this seed no step of a difference crosses a corner of an activation or of the distance.
        SplittableRandom random = new SplittableRandom(11);
        List<NamedTensors> parameters = List.of(translator(random, 3, 2), translator(random, 3, 1));
        FeatureMap student = map(random, 2, 3, 2, 4);
        List<FeatureMap> codes = List.of(map(random, 2, 2, 2, 4), map(random, 2, 1, 2, 4));
        FeatureEnsemble.Result result = ensemble(parameters).of(student, codes, 10);

        assertGradient(
                "student",
                result.student().toDoubles(),
                student.toDoubles(),
                moved -> ensemble(parameters).of(student.like(moved), codes, 10).loss());
        for (int t = 0; t < 2; t++) {
            NamedTensors other = parameters.get(1 - t);
            boolean first = t == 0;
            assertParameters(
                    result.translators().get(t),
                    parameters.get(t),
                    moved -> ensemble(first ? List.of(moved, other) : List.of(other, moved))
                            .of(student, codes, 10)
                            .loss());
        }
    }

    private static FeatureEnsemble ensemble(List<NamedTensors> parameters) {
        return new FeatureEnsemble(parameters.stream().map(Translator::new).toList());
    }

    @Test
    void oneTeacherIsFactorTransfer() {
        SplittableRandom random = new SplittableRandom(2);
        Translator translator = new Translator(translator(random, 3, 2));
        FeatureMap student = map(random, 4, 3, 3, 3);
        FeatureMap code = map(random, 4, 2, 3, 3);
        Adapter.Pass pass = translator.forward(student);
        MapLoss distance = FactorTransfer.distance(pass.output(), code);

        FeatureEnsemble.Result one = new FeatureEnsemble(List.of(translator)).of(student, List.of(code), 1);
        FeatureEnsemble.Result two =
                new FeatureEnsemble(List.of(translator, translator)).of(student, List.of(code, code), 1);

        assertThat(one.loss()).isEqualTo(distance.loss());
        assertThat(one.student()).isEqualTo(pass.backward(distance.gradient()).input());
        assertThat(two.loss()).isEqualTo(2 * one.loss());
        assertThat(two.student()).isEqualTo(one.student().plus(one.student()));
        assertThat(two.translators())
                .containsExactly(one.translators().get(0), one.translators().get(0));
    }

    @Test
    void aCodeThatTheTranslatorGivesLosesNothing() {
        SplittableRandom random = new SplittableRandom(3);
        Translator translator = new Translator(translator(random, 2, 2));
        FeatureMap student = map(random, 3, 2, 2, 2);
        FeatureMap code = translator.forward(student).output();

        FeatureEnsemble.Result result =
                new FeatureEnsemble(List.of(translator)).of(student, List.of(code), FeatureEnsemble.BETA);

        assertThat(result.loss()).isZero();
        assertThat(result.student()).isEqualTo(student.zeros());
    }

    @Test
    void theDistanceIsThatOfTwoVectorsOfLengthOne() {
        SplittableRandom random = new SplittableRandom(4);
        FeatureMap code = map(random, 5, 2, 3, 3);
        double[] unit = Norm.normalised(code.values, 18);
        for (int start = 0; start < unit.length; start += 18) {
            assertThat(Norm.of(unit, start, 18)).isCloseTo(1, within(1e-15));
        }

        double farthest =
                FactorTransfer.distance(code, code.zeros().plus(code, -1)).loss();

        assertThat(farthest).isLessThanOrEqualTo(2 / Math.sqrt(18));
        assertThat(FactorTransfer.distance(code, map(random, 5, 2, 3, 3)).loss())
                .isLessThan(2 / Math.sqrt(18));
    }

    @Test
    void theParaphraserHasTheGradientsOfItsLoss() {
        for (int seed = 0; seed < 3; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int in = 1 + seed;
            NamedTensors parameters = paraphraser(random, in, 1 + seed / 2);
            FeatureMap map = map(random, 2, in, 1 + seed, 3);
            Paraphraser.Trained trained = new Paraphraser(parameters).reconstruct(map);

            assertThat(trained.code().channels()).isEqualTo(1 + seed / 2);
            assertParameters(
                    trained.parameters(),
                    parameters,
                    moved -> new Paraphraser(moved).reconstruct(map).loss());
        }
    }

    @Test
    void anIdentityReconstructsWhatIsPositive() {
        Tensor identity = Tensor.of(DType.FLOAT64, new double[] {0, 0, 0, 0, 1, 0, 0, 0, 0}, 1, 1, 3, 3);
        Tensor none = Tensor.of(DType.FLOAT64, new double[1], 1);
        NamedTensors parameters = NamedTensors.none();
        for (int layer = 1; layer <= Translator.LAYERS; layer++) {
            parameters = parameters
                    .with(Paraphraser.encoderWeight(layer), identity)
                    .with(Paraphraser.encoderBias(layer), none)
                    .with(Paraphraser.decoderWeight(layer), identity)
                    .with(Paraphraser.decoderBias(layer), none);
        }
        FeatureMap map = FeatureMap.of(1, 1, 2, 2, new double[] {1, 2, 3, 4});

        Paraphraser.Trained trained = new Paraphraser(parameters).reconstruct(map);

        assertThat(trained.reconstruction()).isEqualTo(map);
        assertThat(trained.code()).isEqualTo(map);
        assertThat(trained.loss()).isZero();
    }

    @Test
    void saysWhatDoesNotFit() {
        SplittableRandom random = new SplittableRandom(5);
        NamedTensors parameters = translator(random, 3, 2);
        FeatureEnsemble ensemble = ensemble(List.of(parameters));

        assertThatThrownBy(() -> new Translator(parameters.with(Translator.weight(2), tensor(random, 2, 3, 1, 1))))
                .hasMessage("conv2_weight of shape [2, 3, 1, 1]: must have four dimensions, the last two of size 3");
        assertThatThrownBy(() -> ensemble.of(map(random, 1, 3, 2, 2), List.of(), 1))
                .hasMessage("0 codes for 1 translators: must be as many, one for each teacher");
        assertThatThrownBy(() -> new FeatureEnsemble(List.of()))
                .hasMessage("translators []: must be at least 1, one for each teacher");
        assertThatThrownBy(() -> ensemble.of(map(random, 1, 3, 2, 2), List.of(map(random, 1, 1, 2, 2)), 1))
                .hasMessage("feature map [1, 2, 2, 2] beside [1, 1, 2, 2]: must have the same shape");
    }
}
