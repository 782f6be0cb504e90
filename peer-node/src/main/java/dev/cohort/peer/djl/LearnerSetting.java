package dev.cohort.peer.djl;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.WeightUpdate;
import dev.cohort.peer.Learner;
import dev.cohort.peer.checkpoint.StoredNetwork;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Normalisation;
import dev.cohort.tensor.DType;
import java.util.List;

/**
 * The settings of a learner. Equal settings give equal initial weights.
 *
 * @param model a name of the {@link ModelCatalog}
 * @param image size of one image; at least 8x8
 * @param classes C, the number of logits
 * @param normalisation of the input, one mean and deviation per channel
 * @param seed of the initial weights
 * @param dtype FLOAT32, or FLOAT64 for exactness tests: weights, statistics and outputs
 * @param device auto, cpu or cuda:N
 * @param peerIndex position in the experiment, which {@code auto} uses to spread peers over GPUs
 * @param update how the weights are trained
 * @param maps names of the feature maps to output besides logits and features, in any order; kept in the order of {@link
 *     Architecture#maps}
 */
public record LearnerSetting(
        String model,
        ImageShape image,
        int classes,
        Normalisation normalisation,
        long seed,
        DType dtype,
        String device,
        int peerIndex,
        WeightUpdate update,
        List<String> maps) {
    static final int IMAGE_SIDE_MIN = 8;

    public LearnerSetting {
        Architecture architecture = ModelCatalog.get(model);
        DeviceChoice.parse(device);
        require(
                image.height() >= IMAGE_SIDE_MIN && image.width() >= IMAGE_SIDE_MIN,
                "images of " + image.height() + "x" + image.width() + ": must be at least 8x8 (model " + model + ")");
        require(classes >= 2, "classes " + classes + ": must be at least 2");
        require(
                normalisation.mean().size() == image.channels(),
                "normalisation of " + normalisation.mean().size() + " channels: the images have " + image.channels());
        require(
                normalisation.deviation().stream().allMatch(d -> d > 0),
                "normalisation deviations " + normalisation.deviation() + ": must be above 0");
        require(dtype != DType.FLOAT16, "training in FLOAT16: must be FLOAT32 or FLOAT64");
        maps = inOrder(maps, architecture, image);
    }

    /** A setting without feature maps. */
    public LearnerSetting(
            String model,
            ImageShape image,
            int classes,
            Normalisation normalisation,
            long seed,
            DType dtype,
            String device,
            int peerIndex,
            WeightUpdate update) {
        this(model, image, classes, normalisation, seed, dtype, device, peerIndex, update, List.of());
    }

    private static List<String> inOrder(List<String> maps, Architecture architecture, ImageShape image) {
        List<String> known =
                architecture.maps(image).stream().map(Learner.Output::name).toList();
        for (String name : maps) {
            require(
                    known.contains(name),
                    "feature map '" + name + "': model " + architecture.name() + " has "
                            + (known.isEmpty() ? "none" : String.join(", ", known)));
        }
        return known.stream().filter(maps::contains).toList();
    }

    /** This setting with other feature maps to output. */
    public LearnerSetting withMaps(List<String> names) {
        return new LearnerSetting(model, image, classes, normalisation, seed, dtype, device, peerIndex, update, names);
    }

    /** The setting of a peer of a run, in FLOAT32, without feature maps. */
    public static LearnerSetting of(
            Manifest manifest, Experiment.Optimizer optimizer, Experiment.Peer peer, int peerIndex) {
        return new LearnerSetting(
                peer.model(),
                manifest.image(),
                manifest.classes(),
                manifest.normalisation(),
                peer.seed(),
                DType.FLOAT32,
                peer.device(),
                peerIndex,
                optimizer.update());
    }

    /** The setting of a network that no optimizer trains and of which only logits are read. */
    LearnerSetting untrained() {
        return new LearnerSetting(
                model, image, classes, normalisation, seed, dtype, device, peerIndex, WeightUpdate.NONE);
    }

    /** The setting of a stored network on the same device, which no optimizer trains. */
    LearnerSetting of(StoredNetwork.About stored) {
        return new LearnerSetting(
                stored.model(),
                image,
                classes,
                stored.normalisation(),
                seed,
                dtype,
                device,
                peerIndex,
                WeightUpdate.NONE);
    }

    /** The description of this network in a checkpoint. */
    public StoredNetwork.About about() {
        return new StoredNetwork.About(model, classes, image, normalisation);
    }

    private static void require(boolean ok, String message) {
        if (!ok) {
            throw new IllegalArgumentException(message);
        }
    }
}
