package dev.cohort.distill.maps;

import static dev.cohort.distill.FiniteDifferences.assertGradient;
import static dev.cohort.distill.FiniteDifferences.draws;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BiFunction;
import org.junit.jupiter.api.Test;

/** Dictionaries, discriminators and hints. */
class LayersTest {
    private static Tensor tensor(SplittableRandom random, int... shape) {
        return Tensor.of(DType.FLOAT64, draws(random, Arrays.stream(shape).reduce(1, (a, b) -> a * b)), shape);
    }

    private static Tensor like(Tensor tensor, double[] values) {
        return Tensor.of(DType.FLOAT64, values, tensor.shape().toArray());
    }

    private static FeatureMap map(SplittableRandom random, int rows, int channels, int height, int width) {
        return FeatureMap.of(tensor(random, rows, channels, height, width));
    }

    private static void assertSlopes(
            String what,
            Tensor atoms,
            FeatureMap map,
            boolean teachesTheMap,
            BiFunction<SparseDictionary, FeatureMap, SparseDictionary.Trained> loss) {
        SparseDictionary.Trained trained = loss.apply(new SparseDictionary(atoms, 0.2), map);

        assertGradient(
                what + " atoms",
                trained.dictionary().toDoubles(),
                atoms.toDoubles(),
                moved -> loss.apply(new SparseDictionary(like(atoms, moved), 0.2), map)
                        .loss());
        assertGradient(
                what + " intercept",
                new double[] {trained.intercept()},
                new double[] {0.2},
                moved -> loss.apply(new SparseDictionary(atoms, moved[0]), map).loss());
        if (teachesTheMap) {
            assertGradient(
                    what + " map",
                    trained.input().toDoubles(),
                    map.toDoubles(),
                    moved -> loss.apply(new SparseDictionary(atoms, 0.2), map.like(moved))
                            .loss());
        } else {
            assertThat(trained.input()).isEqualTo(map.zeros());
        }
    }

    @Test
    void dictionariesHaveTheGradientsOfTheirLossesAtAnyShape() {
        for (int seed = 0; seed < 8; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int most = seed == 0 ? 1 : 4;
            int rows = 1 + random.nextInt(most);
            int width = 1 + random.nextInt(most);
            int atoms = 1 + random.nextInt(most);
            int k = 1 + random.nextInt(atoms);
            FeatureMap map = map(random, rows, width, 1 + random.nextInt(most), 1 + random.nextInt(most));
            Tensor dictionary = tensor(random, atoms, width);
            Ints pixels = new SparseDictionary(tensor(random, atoms, width), 0)
                    .labels(map, k)
                    .pixels();
            Tensor images = new SparseDictionary(tensor(random, atoms, width), 0)
                    .labels(map, k)
                    .images();

            assertSlopes("codewords", dictionary, map, false, (d, x) -> d.reconstructionLoss(x, k));
            assertSlopes("images", dictionary, map, true, (d, x) -> d.imageLoss(x, images));
            for (SparseDictionary.PixelForm form : SparseDictionary.PixelForm.values()) {
                assertSlopes(form + " pixels", dictionary, map, true, (d, x) -> d.pixelLoss(x, pixels, form));
            }
        }
    }

    @Test
    void thePixelLossAsCodedCannotFallUnderItsFloor() {
        FeatureMap map = FeatureMap.of(1, 1, 1, 1, new double[] {1});
        SparseDictionary sure = new SparseDictionary(Tensor.of(DType.FLOAT64, new double[] {900, -900, -900}, 3, 1), 0);
        double floor = Math.log(1 + 2 / Math.E);

        assertThat(sure.pixelLoss(map, Ints.of(0), SparseDictionary.PixelForm.AS_CODED)
                        .loss())
                .isCloseTo(floor, within(1e-12));
        assertThat(sure.pixelLoss(map, Ints.of(0), SparseDictionary.PixelForm.CLEAN)
                        .loss())
                .isZero();
        assertThat(sure.imageLoss(map, Tensor.of(DType.FLOAT64, new double[] {0, 1, 1}, 1, 3))
                        .loss())
                .isEqualTo(100);
    }

    @Test
    void saysWhichLabelOfADictionaryDoesNotFit() {
        SparseDictionary dictionary = new SparseDictionary(tensor(new SplittableRandom(1), 3, 2), 0);
        FeatureMap map = map(new SplittableRandom(2), 1, 2, 1, 1);

        assertThatThrownBy(() -> dictionary.pixelLoss(map, Ints.of(3), SparseDictionary.PixelForm.CLEAN))
                .hasMessage("label 3 of pixel 0: must be from 0 to below 3, the number of atoms");
        assertThatThrownBy(() -> dictionary.labels(map, 4))
                .hasMessage("atoms kept 4: must be from 1 to 3, the number of atoms");
        assertThatThrownBy(() -> dictionary.labels(map(new SplittableRandom(2), 1, 3, 1, 1), 1))
                .hasMessage("feature map [1, 3, 1, 1]: must have 2 channels, as the dictionary says");
    }

    @Test
    void discriminatorsHaveTheGradientsOfTheirLoss() {
        for (int seed = 0; seed < 8; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int rows = seed == 0 ? 1 : 1 + random.nextInt(4);
            int width = seed == 0 ? 1 : 1 + random.nextInt(5);
            List<Tensor> weights = List.of(tensor(random, 3, width), tensor(random, 2, 3));
            List<Tensor> biases = List.of(tensor(random, 3), tensor(random, 2));
            FeatureMap student = map(random, rows, width, 1, 1);
            FeatureMap teacher = map(random, rows, width, 1, 1);
            FeatureDiscriminator.Result result = new FeatureDiscriminator(weights, biases).of(student, teacher);

            assertGradient(
                    "student",
                    result.student().toDoubles(),
                    student.toDoubles(),
                    moved -> new FeatureDiscriminator(weights, biases)
                            .of(student.like(moved), teacher)
                            .loss());
            for (int layer = 0; layer < 2; layer++) {
                int changed = layer;
                assertGradient(
                        "weight " + layer,
                        result.weights().get(layer).toDoubles(),
                        weights.get(layer).toDoubles(),
                        moved -> new FeatureDiscriminator(replaced(weights, changed, moved), biases)
                                .of(student, teacher)
                                .loss());
                assertGradient(
                        "bias " + layer,
                        result.biases().get(layer).toDoubles(),
                        biases.get(layer).toDoubles(),
                        moved -> new FeatureDiscriminator(weights, replaced(biases, changed, moved))
                                .of(student, teacher)
                                .loss());
            }
        }
    }

    private static List<Tensor> replaced(List<Tensor> tensors, int index, double[] values) {
        List<Tensor> replaced = new ArrayList<>(tensors);
        replaced.set(index, like(tensors.get(index), values));
        return replaced;
    }

    @Test
    void aDiscriminatorOfZerosCannotTellAnything() {
        FeatureDiscriminator blind = new FeatureDiscriminator(
                List.of(Tensor.of(DType.FLOAT64, new double[6], 2, 3)),
                List.of(Tensor.of(DType.FLOAT64, new double[2], 2)));
        SplittableRandom random = new SplittableRandom(1);

        FeatureDiscriminator.Result result = blind.of(map(random, 4, 3, 1, 1), map(random, 4, 3, 1, 1));

        assertThat(result.loss()).isCloseTo(Math.log(2), within(1e-15));
    }

    @Test
    void reversalTurnsTheStudentsGradientAround() {
        SplittableRandom random = new SplittableRandom(2);
        FeatureDiscriminator discriminator =
                new FeatureDiscriminator(List.of(tensor(random, 2, 3)), List.of(tensor(random, 2)));
        FeatureDiscriminator.Result result = discriminator.of(map(random, 4, 3, 1, 1), map(random, 4, 3, 1, 1));

        assertThat(result.reversed().plus(result.student()))
                .isEqualTo(result.student().zeros());
        assertThat(result.reversed()).isNotEqualTo(result.student());
        assertThatThrownBy(() -> discriminator.of(map(random, 1, 3, 2, 1), map(random, 1, 3, 2, 1)))
                .hasMessage("feature map [1, 3, 2, 1] at a discriminator of features: must be pooled, with height and"
                        + " width 1");
    }

    @Test
    void oneStudentHasNoHintAndTheFullWidth() {
        HintLoss none = HintLoss.of(List.of(), List.of(), List.of());

        assertThat(none.losses()).isEmpty();
        assertThat(HintLoss.channels(64, 0, 1)).isEqualTo(64);
        assertThatThrownBy(() -> HintLoss.channels(64, 1, 1)).hasMessage("student 1 of 1: must be below their number");
        assertThatThrownBy(() -> HintLoss.ofChannelMeans(List.of(), List.of(map(new SplittableRandom(1), 1, 1, 1, 1))))
                .hasMessage("hints of 1 blocks for 0 blocks: must be equal");
    }
}
