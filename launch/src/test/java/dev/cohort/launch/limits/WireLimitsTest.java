package dev.cohort.launch.limits;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.augment.data.ImageData;
import dev.cohort.augment.data.ImageSet;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.protocol.ImageShape;
import dev.cohort.runtime.config.ExperimentYaml;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Refuses before the start what would end a run later, with the figure and the setting that helps. */
class WireLimitsTest {
    private static final ImageShape SMALL = new ImageShape(4, 4, 1);

    @Test
    void acceptsASmallRun() {
        assertThat(problems(data(SMALL, 60, 20, 3))).isEmpty();
    }

    @Test
    void refusesAnEvaluationThatDoesNotFitIntoAMessage() {
        ImageData data = data(SMALL, 64, 150_000, 60);

        assertThat(problems(data))
                .singleElement()
                .asString()
                .contains(
                        "record.evaluation_logits: true: must be false",
                        "150000 test images of 60 classes takes 34.3 MiB, more than the 32 MiB of a message",
                        "wire.logits is fp32");
        assertThat(problems(data, "record.evaluation_logits=false")).isEmpty();
        assertThat(problems(data, "wire.logits=fp16")).isEmpty();
    }

    @Test
    void countsTheFeaturesOfAnEvaluation() {
        ImageData data = data(SMALL, 64, 50_000, 100);

        assertThat(problems(data)).isEmpty();
        assertThat(problems(data, "method.name=one", "peers.0.model=wrn-16-2", "peers.1.model=wrn-16-2"))
                .singleElement()
                .asString()
                .contains("record.evaluation_logits: true: must be false", "43.5 MiB");
    }

    @Test
    void refusesPixelsThatDoNotFitIntoAMessage() {
        ImageData data = data(new ImageShape(224, 224, 3), 256, 2, 2);

        assertThat(problems(data, "data.mode=pixels", "run.batch_size=256"))
                .singleElement()
                .asString()
                .contains(
                        "run.batch_size: 256: must be at most 222 with data.mode=pixels",
                        "36.8 MiB, more than the 32 MiB of a message",
                        "data.mode=recipe");
        assertThat(problems(data, "data.mode=pixels", "run.batch_size=222")).isEmpty();
        assertThat(problems(data, "data.mode=recipe", "run.batch_size=256")).isEmpty();
    }

    @Test
    void countsEveryViewOfABatch() {
        ImageData data = data(new ImageShape(64, 64, 3), 512, 2, 2);

        assertThat(problems(data, "data.mode=pixels", "run.batch_size=512")).isEmpty();
        assertThat(problems(data, "data.mode=pixels", "run.batch_size=512", "augment.per_peer=true", "elastic.max=8"))
                .singleElement()
                .asString()
                .contains("run.batch_size: 512: must be at most 341", "48.0 MiB");
    }

    @Test
    void refusesAnImageThatDoesNotFitIntoAMessage() {
        ImageData data = data(new ImageShape(4000, 4000, 3), 2, 2, 2);

        assertThat(problems(data, "data.mode=pixels", "run.batch_size=1"))
                .singleElement()
                .asString()
                .contains("data.mode: pixels: must be recipe", "45.8 MiB");
    }

    @Test
    void refusesAPredictionThatDoesNotFitIntoAMessage() {
        ImageData data = data(SMALL, 12_000, 600, 600);

        assertThat(problems(data, "run.batch_size=12000", "wire.logits=fp64"))
                .filteredOn(p -> p.contains("since the prediction"))
                .singleElement()
                .asString()
                .contains("run.batch_size: 12000: must be at most 6989", "54.9 MiB", "wire.logits is fp64");
    }

    @Test
    void refusesAnOutcomeThatDoesNotFitIntoAMessage() {
        ImageData data = data(SMALL, 8_000, 600, 600);

        assertThat(problems(data, "run.batch_size=8000")).isEmpty();
        assertThat(problems(data, "run.batch_size=8000", "method.name=okddip"))
                .singleElement()
                .asString()
                .contains(
                        "run.batch_size: 8000: must be at most about 6", "outcome of method okddip for 4 contributors");
    }

    @Test
    void refusesASingleClass() {
        assertThat(problems(data(SMALL, 40, 10, 1))).singleElement().asString().contains("of at least 2 classes");
        ImageSet onlySeven = ImageSet.of(SMALL, new byte[16 * 3], 7, 7, 7);
        ImageData named = ImageData.of(names(8), onlySeven, onlySeven, 0);
        assertThat(problems(named)).singleElement().asString().contains("of at least 2 classes");
    }

    @Test
    void refusesMoreClassesThanABatchMayHaveLabels() {
        ImageData data = data(SMALL, 200, 10, 90_000);

        assertThat(problems(data, "run.batch_size=100"))
                .singleElement()
                .asString()
                .isEqualTo("run.batch_size: 100: must be at most 93 with 90000 classes");
    }

    /** The labels of the test images in the first record have their own limit. */
    @Test
    void refusesMoreTestImagesThanTheFirstRecordHolds() {
        assertThat(problems(data(new ImageShape(1, 1, 1), 60, 4_300_000, 2), "record.evaluation_logits=false"))
                .singleElement()
                .asString()
                .contains("data: the first record of the run cannot be sent", "bytes of integers");
    }

    @Test
    void refusesPairsWhoseTensorsCannotBeCompared() {
        ImageData data = data(new ImageShape(8, 8, 1), 60, 20, 3);

        assertThat(problems(data, "peers.0.model=resnet8", "method={name: pairs, pairs: [a+b features l2 0.5]}"))
                .singleElement()
                .asString()
                .startsWith("method.pairs: entry a+b features l2 0.5 of pairs: features of a has width 64, that of b ")
                .endsWith("must be equal; only the loss at takes maps of different widths");
        assertThat(problems(data, "method={name: pairs, pairs: [a+b features l2 0.5]}"))
                .isEmpty();
    }

    private static List<String> problems(ImageData data, String... settings) {
        Problems problems = new Problems();
        Experiment experiment =
                ExperimentYaml.read("""
                        run: {steps: 3, batch_size: 8}
                        method: {name: mean_logit}
                        peers: [{id: a, model: mlp32}, {id: b, model: mlp32}]
                        elastic: {max: 4}
                        """, List.of(settings), problems).orElseThrow();
        assertThat(problems.found()).isEmpty();
        List<String> found = new ArrayList<>();
        WireLimits.check(experiment, data, found);
        return found;
    }

    private static ImageData data(ImageShape shape, int train, int test, int classes) {
        return ImageData.of(names(classes), set(shape, train, classes), set(shape, test, classes), 0);
    }

    private static ImageSet set(ImageShape shape, int count, int classes) {
        int[] labels = IntStream.range(0, count).map(i -> i % classes).toArray();
        return ImageSet.of(shape, new byte[count * shape.size()], labels);
    }

    private static List<String> names(int classes) {
        return IntStream.range(0, classes).mapToObj(Integer::toString).toList();
    }
}
