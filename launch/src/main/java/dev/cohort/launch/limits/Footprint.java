package dev.cohort.launch.limits;

import dev.cohort.augment.data.ImageData;
import dev.cohort.coordinator.method.Traffic;
import dev.cohort.coordinator.process.RunTeacher;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.launch.DiskNeed;
import dev.cohort.peer.djl.Architecture;
import dev.cohort.peer.djl.ModelCatalog;
import dev.cohort.protocol.Manifest;
import dev.cohort.runtime.kafka.TopicPlan;

/** Estimates what a run leaves on disk. */
public final class Footprint {
    /** Envelope, names, digests, and Kafka's own fields of a message. */
    private static final long FRAME = 400;

    /** A checkpoint has a weight and its momentum, four bytes each. */
    private static final long CHECKPOINT_BYTES = 8;

    /** More than any disk; some of these can be added. */
    private static final double BYTES_MAX = 1e18;

    private Footprint() {}

    /** When it goes to its end; figures of what a method answers are those of {@code cohort methods}. */
    public static DiskNeed of(Experiment experiment, ImageData data, Manifest manifest) {
        Teacher teacher = RunTeacher.of(manifest, experiment);
        int rows = Math.min(experiment.run().batchSize(), data.train().count());
        int contributors = experiment.contributors().size();
        Traffic traffic = Traffic.estimate(
                experiment.method(),
                experiment.optimizer(),
                new Traffic.Step(
                        rows,
                        data.classes(),
                        contributors,
                        MessageSizes.featureWidth(experiment),
                        experiment.wire().logits()));
        long ofAnImage = MessageSizes.bytesOfAnImage(experiment, data, teacher);
        double step = FRAME
                + (double) rows * MessageSizes.integersOfARow(experiment, data)
                + experiment.peers().size() * (FRAME + (double) rows * ofAnImage)
                + traffic.outcome()
                + (double) contributors * traffic.addressed();
        double stepsPerEpoch = Math.ceil(data.train().count() / (double) rows);
        double epochs = Math.ceil(manifest.steps() / stepsPerEpoch);
        double evaluation =
                experiment.recording().evaluationLogits() ? (double) data.test().count() * ofAnImage : 0;
        return new DiskNeed(
                whole(manifest.steps() * step
                        + epochs * (experiment.peers().size() + 1) * (FRAME + evaluation)
                        + pixels(experiment, data, rows, manifest.steps())),
                whole((epochs + 1 + experiment.recording().checkpointsKept())
                        * CHECKPOINT_BYTES
                        * parameters(experiment, manifest)));
    }

    /** Of the pixels that travel with batches the log keeps the newest alone. */
    private static double pixels(Experiment experiment, ImageData data, int rows, long steps) {
        double all = experiment.data().mode() == Experiment.Data.Delivery.PIXELS
                ? (double) steps
                        * MessageSizes.views(experiment)
                        * rows
                        * data.shape().size()
                : 0;
        return Math.min(all, (double) TopicPlan.of(experiment).batchesBytesMax().orElse(Long.MAX_VALUE));
    }

    private static long parameters(Experiment experiment, Manifest manifest) {
        return experiment.peers().stream()
                .flatMap(peer -> ModelCatalog.find(peer.model()).stream())
                .mapToLong(architecture -> parameters(architecture, manifest))
                .sum();
    }

    /** About how many numbers a network learns; what the catalogue says is of ten classes. */
    static long parameters(Architecture architecture, Manifest manifest) {
        if (architecture.family() == Architecture.Family.ONE_HIDDEN_LAYER) {
            return (manifest.image().size() + 1L) * architecture.width()
                    + (architecture.width() + 1L) * manifest.classes();
        }
        return Math.max(0, architecture.parameters() + (manifest.classes() - 10L) * architecture.featureWidth());
    }

    private static long whole(double bytes) {
        return Math.round(Math.min(bytes, BYTES_MAX));
    }
}
