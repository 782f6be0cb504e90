package dev.cohort.launch.limits;

import dev.cohort.augment.data.ImageData;
import dev.cohort.coordinator.method.Traffic;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.peer.djl.Architecture;
import dev.cohort.peer.djl.ModelCatalog;
import dev.cohort.protocol.MapShapes;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.util.Comparator;
import java.util.List;

/**
 * Bytes of the largest messages of a run.
 *
 * @param batchIntegers of a batch, the packed integers of its recipe and labels
 * @param pixels of a batch, all views; 0 when they are not sent
 * @param prediction of a full batch, without the part that is sent once an epoch
 * @param outcome of a full batch, for as many contributors as the run has slots
 * @param addressed the additional part for one contributor; 0 when there is none
 * @param evaluation of one peer, after an epoch
 * @param state of the trained teacher, in a snapshot; 0 when there is none
 */
record MessageSizes(
        long batchIntegers, long pixels, long prediction, long outcome, long addressed, long evaluation, long state) {
    /** Envelope, names, digests and lengths of a message. */
    static final long FRAME = 4 << 10;

    /**
     * Computes them.
     *
     * @throws IllegalArgumentException when a message of the method would exceed what readers accept
     */
    static MessageSizes of(Experiment experiment, ImageData data, Teacher teacher, MapShapes maps) {
        int rows = Math.min(experiment.run().batchSize(), data.train().count());
        int slots =
                Math.max(experiment.elastic().max(), experiment.contributors().size());
        int width = featureWidth(experiment);
        Traffic traffic = Traffic.estimate(
                experiment.method(),
                experiment.optimizer(),
                new Traffic.Step(
                        rows,
                        data.classes(),
                        slots,
                        width,
                        mapShape(maps),
                        experiment.wire().logits()));
        boolean pixels = experiment.data().mode() == Experiment.Data.Delivery.PIXELS;
        return new MessageSizes(
                integersOfARow(experiment, data) * rows,
                pixels ? (long) views(experiment) * rows * data.shape().size() : 0,
                bytesOfAnImage(experiment, data, teacher) * rows + FRAME,
                traffic.outcome(),
                traffic.addressed(),
                experiment.recording().evaluationLogits()
                        ? bytesOfAnImage(experiment, data, teacher)
                                        * data.test().count()
                                + FRAME
                        : FRAME,
                teacher.initialState().asMap().values().stream()
                        .mapToLong(MessageSizes::bytes)
                        .sum());
    }

    /** Number of views of each batch. */
    static int views(Experiment experiment) {
        boolean several =
                experiment.augment().perPeer() || experiment.mix().kind() == Experiment.Mix.Mixing.CUTMIX_PER_PEER;
        return several ? experiment.elastic().max() : 1;
    }

    /** Bytes of one image in a recipe and its labels: its id, partners, crops, flips and classes. */
    static long integersOfARow(Experiment experiment, ImageData data) {
        int partners = switch (experiment.mix().kind()) {
            case NONE -> 0;
            case MIXUP, CUTMIX, CUTMIX_PER_PEER -> 1;
            case CUTMIX_MULTI -> experiment.mix().n();
        };
        long geometry = 2L * varint(2L * experiment.augment().cropPadding()) + 1;
        return varint(data.train().count())
                + (long) partners * varint(experiment.run().batchSize())
                + (1L + partners) * varint(data.classes())
                + views(experiment) * geometry;
    }

    /** Bytes that a peer publishes per image. */
    static long bytesOfAnImage(Experiment experiment, ImageData data, Teacher teacher) {
        boolean features = teacher.reads().contains(TensorName.FEATURES)
                || experiment.recording().features() == Experiment.Recording.Features.ALWAYS;
        int opinions = teacher.reads().contains(TensorName.OWN_TEACHER) ? 2 : 1;
        long logits = (long) data.classes() * experiment.wire().logits().bytes();
        long pooled =
                (long) featureWidth(experiment) * experiment.wire().features().bytes();
        return opinions * logits + (features ? pooled : 0);
    }

    /** Feature width of the widest network in the experiment. */
    static int featureWidth(Experiment experiment) {
        return experiment.peers().stream()
                .mapToInt(peer -> peer.own()
                        .featureWidth()
                        .orElseGet(() -> ModelCatalog.find(peer.model())
                                .map(Architecture::featureWidth)
                                .orElse(1)))
                .max()
                .orElse(1);
    }

    /** The largest shape of a feature map of any peer. */
    static Ints mapShape(MapShapes maps) {
        return maps.bySlot().values().stream()
                .flatMap(List::stream)
                .max(Comparator.comparingLong(shape -> (long) shape.get(0) * shape.get(1) * shape.get(2)))
                .orElse(Traffic.Step.MAP_SHAPE);
    }

    private static long bytes(Tensor tensor) {
        return tensor.bytes().remaining();
    }

    /** Bytes of an integer on the wire. */
    private static int varint(long largest) {
        int bytes = 1;
        for (long rest = largest >>> 7; rest > 0; rest >>>= 7) {
            bytes++;
        }
        return bytes;
    }
}
