package dev.cohort.distill.dense;

import static dev.cohort.distill.FiniteDifferences.assertGradient;
import static dev.cohort.distill.FiniteDifferences.draws;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class DetectionTest {
    private static final DetectionLoss.Weights WEIGHTS = new DetectionLoss.Weights(2, 1.5, 0.5, 0.8);

    private static Tensor boxes(SplittableRandom random, int images, int locations) {
        double[] boxes = new double[images * locations * 4];
        for (int i = 0; i < boxes.length; i += 4) {
            boxes[i] = random.nextDouble(6);
            boxes[i + 1] = random.nextDouble(6);
            boxes[i + 2] = boxes[i] + random.nextDouble(1, 6);
            boxes[i + 3] = boxes[i + 1] + random.nextDouble(1, 6);
        }
        return Tensor.of(DType.FLOAT64, boxes, images, locations, 4);
    }

    private static DetectionLoss.Prediction prediction(
            SplittableRandom random, int images, int locations, int classes) {
        return new DetectionLoss.Prediction(
                Tensor.of(DType.FLOAT64, draws(random, images * locations * classes), images, locations, classes),
                boxes(random, images, locations));
    }

    private static LocationLabels labels(SplittableRandom random, int images, int locations, int classes) {
        int[] labels = new int[images * locations];
        for (int i = 0; i < labels.length; i++) {
            labels[i] = random.nextInt(classes + 1) - 1;
        }
        return new LocationLabels(Ints.of(labels), boxes(random, images, locations), classes);
    }

    private static Tensor like(Tensor tensor, double[] values) {
        return Tensor.of(DType.FLOAT64, values, tensor.shape().toArray());
    }

    @Test
    void hasTheGradientOfItsValueAtAnyShape() {
        for (int seed = 0; seed < 12; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int most = seed == 0 ? 1 : 3;
            int images = 1 + random.nextInt(most);
            int locations = 1 + random.nextInt(most);
            int classes = 1 + random.nextInt(most);
            LocationLabels labels = labels(random, images, locations, classes);
            DetectionLoss.Prediction own = prediction(random, images, locations, classes);
            List<DetectionLoss.Prediction> others = List.of(
                    prediction(random, images, locations, classes), prediction(random, images, locations, classes));
            DetectionLoss loss = DetectionLoss.of(labels, own, others, WEIGHTS);

            assertGradient(
                    "logits",
                    loss.logitsGradient().toDoubles(),
                    own.logits().toDoubles(),
                    moved -> DetectionLoss.of(
                                    labels,
                                    new DetectionLoss.Prediction(like(own.logits(), moved), own.boxes()),
                                    others,
                                    WEIGHTS)
                            .loss());
            assertGradient(
                    "boxes",
                    loss.boxesGradient().toDoubles(),
                    own.boxes().toDoubles(),
                    moved -> DetectionLoss.of(
                                    labels,
                                    new DetectionLoss.Prediction(own.logits(), like(own.boxes(), moved)),
                                    others,
                                    WEIGHTS)
                            .loss());
        }
    }

    @Test
    void withoutForegroundOnlyTheClassesTeach() {
        SplittableRandom random = new SplittableRandom(1);
        LocationLabels labels = new LocationLabels(Ints.of(-1, -1), boxes(random, 1, 2), 3);
        DetectionLoss loss =
                DetectionLoss.of(labels, prediction(random, 1, 2, 3), List.of(prediction(random, 1, 2, 3)), WEIGHTS);

        assertThat(loss.loss()).isEqualTo(loss.classes()).isPositive();
        assertThat(loss.boxesGradient().toDoubles()).containsOnly(0);
    }

    @Test
    void aPeerAloneLearnsFromLabels() {
        SplittableRandom random = new SplittableRandom(2);
        LocationLabels labels = new LocationLabels(Ints.of(0, 1), boxes(random, 1, 2), 3);
        DetectionLoss loss = DetectionLoss.of(labels, prediction(random, 1, 2, 3), List.of(), WEIGHTS);

        assertThat(loss.loss()).isCloseTo(loss.classes() + loss.boxes(), within(1e-15));
        assertThat(loss.divergence()).isZero();
    }

    @Test
    void extremeLogitsStayFinite() {
        Tensor logits = Tensor.of(DType.FLOAT64, new double[] {900, -900}, 1, 1, 2);
        Tensor box = Tensor.of(DType.FLOAT64, new double[] {0, 0, 1, 1}, 1, 1, 4);
        LocationLabels labels = new LocationLabels(Ints.of(1), box, 2);
        DetectionLoss loss = DetectionLoss.of(
                labels,
                new DetectionLoss.Prediction(logits, box),
                List.of(new DetectionLoss.Prediction(like(logits, new double[] {-900, 900}), box)),
                WEIGHTS);

        assertThat(loss.classes()).isEqualTo(1800);
        assertThat(loss.divergence()).isEqualTo(4 * 900);
    }

    @Test
    void overlapIsOneForEqualBoxesAndMinusOneFarApart() {
        BoundingBox box = new BoundingBox(1, 1, 3, 4);
        BoundingBox far = new BoundingBox(1e6, 1e6, 1e6 + 2, 1e6 + 3);

        assertThat(new GeneralisedIou(box, box).value()).isCloseTo(1, within(1e-7));
        assertThat(new GeneralisedIou(box, far).value()).isCloseTo(-1, within(1e-7));
        assertThat(box.intersectionOverUnion(box)).isEqualTo(1);
        assertThat(box.intersectionOverUnion(new BoundingBox(3, 1, 4, 4))).isZero();
    }

    private static AveragePrecision.Detected detected(double left, double score) {
        return new AveragePrecision.Detected(new BoundingBox(left, 0, left + 10, 10), 0, score);
    }

    private static AveragePrecision.Labelled labelled(double left) {
        return new AveragePrecision.Labelled(new BoundingBox(left, 0, left + 10, 10), 0);
    }

    @Test
    void aSecondDetectionOfOneBoxIsAMiss() {
        List<AveragePrecision.Image> images = List.of(new AveragePrecision.Image(
                List.of(detected(0, 0.9), detected(1, 0.8), detected(50, 0.7)), List.of(labelled(0), labelled(50))));

        // Recall 0..0.5 at precision 1, then 2 of 3.
        assertThat(AveragePrecision.of(images, 0, 0.5).orElseThrow())
                .isCloseTo((51 + 50 * 2.0 / 3) / 101, within(1e-15));
    }

    @Test
    void anOverlapOfExactlyTheThresholdIsAHit() {
        AveragePrecision.Detected half = new AveragePrecision.Detected(new BoundingBox(0, 0, 5, 10), 0, 0.9);

        assertThat(AveragePrecision.of(
                        List.of(new AveragePrecision.Image(List.of(half), List.of(labelled(0)))), 0, 0.5))
                .hasValue(1);
    }

    @Test
    void ofEqualOverlapsTheLastBoxIsTaken() {
        List<AveragePrecision.Image> images = List.of(new AveragePrecision.Image(
                List.of(detected(2, 0.9), detected(0, 0.8)), List.of(labelled(0), labelled(4))));

        assertThat(AveragePrecision.of(images, 0, 0.5)).hasValue(1);
    }

    @Test
    void perfectDetectionScoresOneAndUnlabelledClassesDoNotCount() {
        List<AveragePrecision.Image> images =
                List.of(new AveragePrecision.Image(List.of(detected(0, 0.1)), List.of(labelled(0))));

        assertThat(AveragePrecision.mean(images, 2, List.of(0.5, 0.95))).hasValue(1);
        assertThat(AveragePrecision.of(images, 1, 0.5)).isEmpty();
        assertThat(AveragePrecision.mean(List.of(), 2, List.of(0.5))).isEmpty();
    }

    @Test
    void theRecallOfSevenInTenIsReachedAtSeventyPercent() {
        List<AveragePrecision.Detected> found = IntStream.range(0, 7)
                .mapToObj(i -> detected(100 * i, 1 - i / 10.0))
                .toList();
        List<AveragePrecision.Labelled> there =
                IntStream.range(0, 10).mapToObj(i -> labelled(100 * i)).toList();

        assertThat(AveragePrecision.of(List.of(new AveragePrecision.Image(found, there)), 0, 0.5)
                        .orElseThrow())
                .isCloseTo(71.0 / 101, within(1e-15));
    }

    @Test
    void onlyTheHundredSurestDetectionsOfAnImageCount() {
        List<AveragePrecision.Detected> many = IntStream.range(0, 101)
                .mapToObj(i -> detected(i == 100 ? 0 : 1000, 1 - i / 1000.0))
                .toList();

        assertThat(AveragePrecision.of(List.of(new AveragePrecision.Image(many, List.of(labelled(0)))), 0, 0.5))
                .hasValue(0);
    }

    @Test
    void saysWhatDoesNotFit() {
        Tensor boxes = boxes(new SplittableRandom(1), 1, 2);

        assertThatThrownBy(() -> new LocationLabels(Ints.of(0, 3), boxes, 3))
                .hasMessage("label 3 of location 1: must be from 0 to below 3, or -1 for background");
        assertThatThrownBy(() -> new LocationLabels(Ints.of(0), boxes, 3))
                .hasMessage("1 labels of locations with boxes of shape [1, 2, 4]: must be B L labels and boxes"
                        + " [B, L, 4]");
        assertThatThrownBy(() -> detected(0, Double.NaN))
                .hasMessage("score NaN of a detection of class 0: must be a number");
    }
}
