package dev.cohort.distill.dense;

import static dev.cohort.distill.FiniteDifferences.assertGradient;
import static dev.cohort.distill.FiniteDifferences.draws;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.distill.maps.FeatureMap;
import dev.cohort.tensor.Ints;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SegmentationTest {
    private static final int IGNORE = 255;

    private static FeatureMap logits(SplittableRandom random, int images, int classes, int height, int width) {
        return FeatureMap.of(images, classes, height, width, draws(random, images * classes * height * width));
    }

    private static PixelLabels labels(SplittableRandom random, int images, int classes, int height, int width) {
        int[] labels = new int[images * height * width];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = random.nextInt(4) == 0 ? IGNORE : random.nextInt(classes);
        }
        return new PixelLabels(images, height, width, Ints.of(labels), classes, IGNORE);
    }

    @Test
    void hasTheGradientOfItsValueAtAnyShape() {
        for (int seed = 0; seed < 10; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int most = seed == 0 ? 1 : 3;
            int images = 1 + random.nextInt(most);
            int classes = 1 + random.nextInt(most);
            int height = 1 + random.nextInt(most);
            int width = 1 + random.nextInt(most);
            PixelLabels labels = labels(random, images, classes, height, width);
            FeatureMap own = logits(random, images, classes, height, width);
            List<FeatureMap> others = List.of(
                    logits(random, images, classes, height, width), logits(random, images, classes, height, width));
            assertGradient(
                    "seed " + seed,
                    SegmentationLoss.of(labels, own, others, 0.7, 2).gradient().toDoubles(),
                    own.toDoubles(),
                    moved -> SegmentationLoss.of(
                                    labels, FeatureMap.of(images, classes, height, width, moved), others, 0.7, 2)
                            .loss());
        }
    }

    @Test
    void anIgnoredPixelTakesExactlyItsShareAway() {
        SplittableRandom random = new SplittableRandom(1);
        FeatureMap own = logits(random, 1, 3, 1, 3);
        List<FeatureMap> others = List.of(logits(random, 1, 3, 1, 3));
        double all = SegmentationLoss.of(pixels(0, 1, 2), own, others, 0.7, 2).loss();
        double without =
                SegmentationLoss.of(pixels(0, IGNORE, 2), own, others, 0.7, 2).loss();
        double alone = SegmentationLoss.of(pixels(IGNORE, 1, IGNORE), own, others, 0.7, 2)
                .loss();

        assertThat(2 * without).isCloseTo(3 * all - alone, within(1e-14));
    }

    private static PixelLabels pixels(int... labels) {
        return new PixelLabels(1, 1, labels.length, Ints.of(labels), 3, IGNORE);
    }

    @Test
    void withoutAPixelThatCountsEverythingIsZero() {
        FeatureMap own = logits(new SplittableRandom(2), 1, 3, 1, 2);

        SegmentationLoss nothing = SegmentationLoss.of(pixels(IGNORE, IGNORE), own, List.of(own), 1, 2);

        assertThat(nothing.loss()).isZero();
        assertThat(nothing.gradient()).isEqualTo(own.zeros());
        assertThat(Confusion.none(3).meanIntersectionOverUnion()).isEmpty();
        assertThat(Confusion.none(3).pixelAccuracy()).isEmpty();
    }

    @Test
    void whoAgreesWithTheOthersLearnsFromLabelsAlone() {
        FeatureMap own = logits(new SplittableRandom(3), 1, 3, 1, 2);
        PixelLabels labels = pixels(2, 0);

        SegmentationLoss agreeing = SegmentationLoss.of(labels, own, List.of(own, own), 1, 2);

        assertThat(agreeing.divergence()).isZero();
        assertThat(agreeing.gradient())
                .isEqualTo(SegmentationLoss.of(labels, own, List.of(), 1, 2).gradient());
    }

    @Test
    void aPerfectPredictionScoresOneAndClassesThatOccurNowhereDoNotCount() {
        Confusion confusion = Confusion.none(3).plus(pixels(0, 1, IGNORE), Ints.of(0, 1, 7));

        assertThat(confusion.meanIntersectionOverUnion()).hasValue(1);
        assertThat(confusion.pixelAccuracy()).hasValue(1);
        assertThat(confusion.intersectionOverUnion().get(2)).isEmpty();
    }

    @Test
    void aClassThatIsOnlyLabelledOrOnlyPredictedScoresZero() {
        Confusion confusion = Confusion.none(3).plus(pixels(0, 0, 1), Ints.of(0, 2, 0));

        assertThat(confusion.intersectionOverUnion())
                .isEqualTo(Arrays.asList(OptionalDouble.of(1.0 / 3), OptionalDouble.of(0), OptionalDouble.of(0)));
        assertThat(confusion.meanIntersectionOverUnion().orElseThrow()).isCloseTo(1.0 / 9, within(1e-15));
        assertThat(confusion.pixelAccuracy().orElseThrow()).isCloseTo(1.0 / 3, within(1e-15));
    }

    @Test
    void saysWhichLabelDoesNotFit() {
        assertThatThrownBy(() -> pixels(0, 3))
                .hasMessage("label 3 of pixel 1: must be from 0 to below 3, or 255 to be ignored");
        assertThatThrownBy(() -> new PixelLabels(1, 1, 1, Ints.of(0), 3, 2))
                .hasMessage("label to ignore 2: must not be one of the 3 classes");
        assertThatThrownBy(() -> pixels(0, 1).rows(logits(new SplittableRandom(1), 1, 3, 2, 1)))
                .hasMessage("logits [1, 3, 2, 1] of labelled pixels: must be [1, 3, 1, 2]");
        assertThatThrownBy(() -> Confusion.none(3).plus(pixels(0), Ints.of(3)))
                .hasMessage("prediction 3 of pixel 0: must be from 0 to below 3");
    }
}
