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
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.kafka.TopicPlan;

/** Estimates the disk space of a run. */
public final class Footprint {
    /** Envelope, names, digests, and Kafka's record fields of a message. */
    private static final long FRAME = 400;

    /** A checkpoint has a weight and its momentum, four bytes each. */
    private static final long CHECKPOINT_BYTES = 8;

    /** More than any disk; a few of these can be added without overflow. */
    private static final double BYTES_MAX = 1e18;

    private Footprint() {}

    /** Disk space of a run that goes to its end; the sizes of outcomes are those that {@code cohort methods} prints. */
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
                        MessageSizes.mapShape(manifest.maps()),
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
                        + pixels(experiment, data, rows, manifest.steps())
                        + maps(experiment, manifest, traffic)),
                whole((epochs + 1 + experiment.recording().checkpointsKept())
                        * CHECKPOINT_BYTES
                        * parameters(experiment, manifest)));
    }

    /** Bytes of pixels sent with batches, of which the log keeps only the newest. */
    private static double pixels(Experiment experiment, ImageData data, int rows, long steps) {
        double all = experiment.data().mode() == Experiment.Data.Delivery.PIXELS
                ? (double) steps
                        * MessageSizes.views(experiment)
                        * rows
                        * data.shape().size()
                : 0;
        return Math.min(all, (double) TopicPlan.of(experiment).batchesBytesMax().orElse(Long.MAX_VALUE));
    }

    /** Bytes of feature maps and of their gradients, of which the log keeps the newest of each partition. */
    private static double maps(Experiment experiment, Manifest manifest, Traffic traffic) {
        TopicPlan plan = TopicPlan.of(experiment, manifest.maps());
        double kept = plan.mapsBytesMax().orElse(0);
        double all = (double) manifest.steps() * experiment.contributors().size();
        return Math.min(all * traffic.maps(), kept * plan.partitions(Topic.MAPS))
                + Math.min(
                        all * traffic.gradients(),
                        kept * experiment.contributors().size());
    }

    private static long parameters(Experiment experiment, Manifest manifest) {
        return experiment.peers().stream()
                .flatMap(peer -> ModelCatalog.find(peer.model()).stream())
                .mapToLong(architecture -> parameters(architecture, manifest))
                .sum();
    }

    /** Approximate number of a network's parameters; the catalogue's figure is for ten classes. */
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
