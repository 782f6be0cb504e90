package dev.cohort.launch.limits;

import dev.cohort.augment.data.ImageData;
import dev.cohort.coordinator.process.RunTeacher;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.launch.RunManifest;
import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.wire.Decoding;
import dev.cohort.protocol.wire.MessageCodec;
import java.util.List;
import java.util.Locale;

/** Checks whether every message of a run can be sent and read, since a process ends when it cannot send one. */
public final class WireLimits {
    private static final Limits LIMITS = Limits.DEFAULT;
    private static final int MIB = 1 << 20;
    /** The longest possible run id, for the sizes of messages. */
    private static final String SOME_RUN = "20250131-123005-" + "x".repeat(48);

    private final Experiment experiment;
    private final ImageData data;
    private final Problems problems = new Problems();

    private WireLimits(Experiment experiment, ImageData data) {
        this.experiment = experiment;
        this.data = data;
    }

    /** Adds to {@code found} each message that the processes of a run could not send or would refuse. */
    public static void check(Experiment experiment, ImageData data, List<String> found) {
        WireLimits limits = new WireLimits(experiment, data);
        limits.checkTask();
        if (limits.problems.none()) {
            limits.checkMessages();
        }
        found.addAll(limits.problems.found());
    }

    /** Checks that there is something to learn. */
    private void checkTask() {
        String place = experiment.data().path().orElse(experiment.data().name());
        long learned = data.train().labels().stream().distinct().count();
        problems.require(
                learned > 1,
                "data.path",
                place,
                "images of at least 2 classes; all training images are of one class, so there is nothing to tell apart");
        problems.require(
                data.classes() <= LIMITS.classesMax(),
                "data.path",
                place,
                "images of at most " + LIMITS.classesMax() + " classes; these have " + data.classes());
        long rowsMax = LIMITS.labelCellsMax() / data.classes();
        problems.require(
                Math.min(experiment.run().batchSize(), data.train().count()) <= rowsMax,
                "run.batch_size",
                experiment.run().batchSize(),
                "at most " + rowsMax + " with " + data.classes() + " classes");
    }

    private void checkMessages() {
        MessageSizes sizes;
        Teacher teacher;
        Manifest manifest;
        try {
            manifest = RunManifest.of(experiment, data);
            teacher = RunTeacher.of(manifest, experiment);
            teacher.requireTeachable(
                    experiment.contributors().stream().map(Experiment.Peer::id).toList());
            sizes = MessageSizes.of(experiment, data, teacher, manifest.maps());
        } catch (IllegalArgumentException e) {
            problems.add("method." + experiment.method().name(), String.valueOf(e.getMessage()));
            return;
        }
        checkManifest(manifest);
        checkBatch(sizes);
        checkPrediction(sizes, MessageSizes.bytesOfAnImage(experiment, data, teacher));
        checkOutcome(sizes);
        checkEvaluation(sizes, teacher);
        problems.require(
                fits(sizes.state()) || experiment.recording().snapshotSteps() == 0,
                "record.snapshot_steps",
                experiment.recording().snapshotSteps(),
                "0, since the state of this teacher takes " + mebibytes(sizes.state()) + tooMuch());
    }

    /** Checks the first record of a run, which holds the labels of all test images. */
    private void checkManifest(Manifest manifest) {
        try {
            MessageCodec codec = new MessageCodec(SOME_RUN, LIMITS);
            if (codec.decode(codec.encode(manifest, "launcher")) instanceof Decoding.Rejected rejected) {
                problems.add("data", "the first record of the run cannot be read: " + rejected.detail());
            }
        } catch (IllegalArgumentException e) {
            problems.add("data", "the first record of the run cannot be sent: " + e.getMessage());
        }
    }

    private void checkBatch(MessageSizes sizes) {
        int rows = rows();
        long integersOfARow = MessageSizes.integersOfARow(experiment, data);
        long rowsMax = (LIMITS.packedBytesMax() - MessageSizes.FRAME) / integersOfARow;
        problems.require(
                rows <= rowsMax,
                "run.batch_size",
                experiment.run().batchSize(),
                "at most " + rowsMax + ", since the recipe of a batch takes " + integersOfARow
                        + " bytes per image and at most " + LIMITS.packedBytesMax() / MIB + " MiB in total");
        if (sizes.pixels() == 0 || fits(sizes.pixels() + sizes.batchIntegers())) {
            return;
        }
        long imageBytes = (long) data.shape().size() * MessageSizes.views(experiment);
        long imagesMax = room() / (imageBytes + integersOfARow);
        String because = "since the pixels of a batch take " + mebibytes(sizes.pixels()) + tooMuch();
        if (imagesMax > 1) {
            problems.require(
                    false,
                    "run.batch_size",
                    experiment.run().batchSize(),
                    "at most " + imagesMax + " with data.mode=pixels, " + because + "; or set data.mode=recipe");
        } else {
            problems.require(false, "data.mode", "pixels", "recipe, " + because);
        }
    }

    private void checkPrediction(MessageSizes sizes, long bytesOfAnImage) {
        long imagesMax = room() / bytesOfAnImage;
        problems.require(
                fits(sizes.prediction()),
                "run.batch_size",
                experiment.run().batchSize(),
                "at most " + imagesMax + ", since the prediction of a batch takes " + mebibytes(sizes.prediction())
                        + tooMuch() + "; or a smaller number format (" + words() + ")");
    }

    private void checkOutcome(MessageSizes sizes) {
        long largest = Math.max(sizes.outcome(), sizes.addressed());
        long imagesMax = Math.max(1, room() * rows() / Math.max(1, largest));
        problems.require(
                fits(largest),
                "run.batch_size",
                experiment.run().batchSize(),
                "at most about " + imagesMax + ", since an outcome of method "
                        + experiment.method().name() + " for "
                        + experiment.elastic().max()
                        + " contributors (elastic.max) takes " + mebibytes(largest) + tooMuch());
    }

    private void checkEvaluation(MessageSizes sizes, Teacher teacher) {
        if (fits(sizes.evaluation())) {
            return;
        }
        problems.require(
                false,
                "record.evaluation_logits",
                true,
                "false, since the evaluation of " + data.test().count() + " test images of " + data.classes()
                        + " classes" + (teacher.reads().contains(TensorName.FEATURES) ? ", features included," : "")
                        + " takes " + mebibytes(sizes.evaluation()) + tooMuch() + "; or fewer test images, or a"
                        + " smaller number format (" + words() + ")");
    }

    private int rows() {
        return Math.min(experiment.run().batchSize(), data.train().count());
    }

    private String words() {
        return "wire.logits is " + word(experiment.wire().logits().bytes()) + ", wire.features "
                + word(experiment.wire().features().bytes());
    }

    private static String word(int bytes) {
        return "fp" + 8 * bytes;
    }

    private static boolean fits(long bytes) {
        return bytes <= room();
    }

    private static long room() {
        return LIMITS.messageBytesMax() - MessageSizes.FRAME;
    }

    private static String mebibytes(long bytes) {
        return String.format(Locale.ROOT, "%.1f MiB", bytes / (double) MIB);
    }

    private static String tooMuch() {
        return ", more than the " + LIMITS.messageBytesMax() / MIB + " MiB of a message";
    }
}
