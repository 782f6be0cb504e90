package dev.cohort.augment;

import dev.cohort.augment.data.ImageData;
import dev.cohort.augment.data.ImageSet;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Experiment.Mix.Mixing;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.ImageShape;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.IntStream;

/** Experiments and data for tests. */
final class Fixtures {
    private Fixtures() {}

    /** Seed 1, 3 epochs, batches of 8, crop padding 2 with flips, 4 slots, strict with a prefetch of 2. */
    static Experiment experiment(Mixing kind) {
        return experiment(kind, 1, 1.0, 3);
    }

    static Experiment experiment(Mixing kind, double alpha, double probability, int n) {
        return new Experiment(
                new Experiment.Run("test", 1, OptionalInt.of(3), OptionalLong.empty(), 8),
                new Experiment.Data(
                        "fashion-mnist", Optional.empty(), Experiment.Data.Delivery.RECIPE, OptionalDouble.empty()),
                new Experiment.Augment(2, true, false),
                new Experiment.Mix(kind, alpha, probability, n),
                new Experiment.Method("mean_logit", Map.of()),
                new Experiment.Optimizer(
                        0.1,
                        0.9,
                        false,
                        1e-4,
                        new Experiment.Schedule(Experiment.Schedule.Shape.CONSTANT, List.of(), 1, 0)),
                List.of(),
                new Experiment.Pace(
                        Experiment.Pace.Mode.STRICT,
                        2,
                        2,
                        2,
                        Experiment.Pace.Completion.ALL,
                        2,
                        3000,
                        30000,
                        600000,
                        60000,
                        Experiment.Pace.OnLoss.DROP),
                new Experiment.Elastic(2, 4, 5000, 0, 0.8),
                new Experiment.Wire(DType.FLOAT32, DType.FLOAT32),
                new Experiment.Recording(Experiment.Recording.Features.NEEDED, true, 200, 3, 200),
                new Experiment.Kafka(Optional.empty(), 1, Map.of()),
                new Experiment.Threads(OptionalInt.of(1)));
    }

    static Experiment with(Experiment e, Experiment.Run run) {
        return new Experiment(
                run,
                e.data(),
                e.augment(),
                e.mix(),
                e.method(),
                e.optimizer(),
                e.peers(),
                e.pace(),
                e.elastic(),
                e.wire(),
                e.recording(),
                e.kafka(),
                e.threads());
    }

    static Experiment with(Experiment e, Experiment.Augment augment) {
        return new Experiment(
                e.run(),
                e.data(),
                augment,
                e.mix(),
                e.method(),
                e.optimizer(),
                e.peers(),
                e.pace(),
                e.elastic(),
                e.wire(),
                e.recording(),
                e.kafka(),
                e.threads());
    }

    static Experiment withSlots(Experiment e, int slots) {
        return new Experiment(
                e.run(),
                e.data(),
                e.augment(),
                e.mix(),
                e.method(),
                e.optimizer(),
                e.peers(),
                e.pace(),
                new Experiment.Elastic(2, slots, 5000, 0, 0.8),
                e.wire(),
                e.recording(),
                e.kafka(),
                e.threads());
    }

    static Experiment withSeed(Experiment e, long seed) {
        return with(
                e,
                new Experiment.Run(
                        "test", seed, e.run().epochs(), e.run().steps(), e.run().batchSize()));
    }

    /** {@code count} training images of 12x16x3 with varying pixels, 5 classes. */
    static ImageData data(int count) {
        ImageShape shape = new ImageShape(12, 16, 3);
        byte[] pixels = new byte[count * shape.size()];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) ((i * 0x9e3779b1) >>> 24);
        }
        ImageSet set = ImageSet.of(
                shape, pixels, IntStream.range(0, count).map(i -> i % 5).toArray());
        return ImageData.of(List.of("a", "b", "c", "d", "e"), set, set, 0);
    }

    /** {@code count} images of 12x16x1, every pixel of image i having the value i + 1 (so never that of padding). */
    static ImageData flatData(int count) {
        ImageShape shape = new ImageShape(12, 16, 1);
        byte[] pixels = new byte[count * shape.size()];
        for (int i = 0; i < pixels.length; i++) {
            pixels[i] = (byte) (i / shape.size() + 1);
        }
        ImageSet set = ImageSet.of(
                shape, pixels, IntStream.range(0, count).map(i -> i % 5).toArray());
        return ImageData.of(List.of("a", "b", "c", "d", "e"), set, set, 0);
    }

    /** The planned batch with its digests. */
    static Batch batch(BatchPlan.Planned planned, BatchRenderer renderer) {
        List<Digest> digests = new ArrayList<>();
        for (int slot = 0; slot < planned.recipe().views().size(); slot++) {
            digests.add(renderer.render(planned.recipe(), slot).digest());
        }
        return new Batch(
                planned.step(),
                planned.epoch(),
                planned.endsEpoch(),
                planned.labels(),
                planned.recipe(),
                digests,
                Optional.empty());
    }
}
