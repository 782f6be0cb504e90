package dev.cohort.peer.djl;

import dev.cohort.peer.Learner.Output;
import dev.cohort.protocol.ImageShape;
import dev.cohort.tensor.Ints;
import java.util.List;

/**
 * Describes a student network of the catalogue. Plain data: it does not load PyTorch.
 *
 * @param name as experiments write it
 * @param oneLine description and source
 * @param featureWidth width D of the pooled features, whatever the images and classes
 * @param parameters number of trainable parameters with 10 classes and images of 3 channels, of 32x32 pixels where that matters
 * @param family how the network is put together
 * @param depth layers as the paper counts them; fixed by the family where the paper has one size only
 * @param width WIDE_RESNET: widening factor; DENSENET: growth rate; ONE_HIDDEN_LAYER: hidden units; otherwise 1
 * @param percent channels of every layer, in percent of the full width, rounded down; below 100 for RESNET only
 */
public record Architecture(
        String name,
        String oneLine,
        int featureWidth,
        long parameters,
        Family family,
        int depth,
        int width,
        int percent) {
    /** An architecture of full width. */
    Architecture(String name, String oneLine, int featureWidth, long parameters, Family family, int depth, int width) {
        this(name, oneLine, featureWidth, parameters, family, depth, width, 100);
    }

    /** {@code percent} of {@code channels}, rounded down; integer arithmetic, so that nothing is rounded before. */
    int thinned(int channels) {
        return channels * percent / 100;
    }

    /** Whether the network can have several branches of high layers on shared low ones. */
    public boolean branches() {
        return family == Family.RESNET;
    }

    /**
     * A Java heap (-Xmx) with room for a learner of this network, its checkpoints and the peer around it. PyTorch's own memory
     * comes on top.
     */
    public int heapMebibytes() {
        // A snapshot is weights and momenta, 4 bytes each; up to three copies exist while one is read.
        return Math.toIntExact(160 + 3 * 8 * parameters / (1 << 20));
    }

    /**
     * Fewest images of a batch to train on. Batch norm needs two values per channel; where a network reduces an image to a
     * single pixel before its last batch norm, each image gives one value.
     */
    public int rowsMin(ImageShape image) {
        List<Ints> stages = FeatureMaps.stages(this, image);
        if (stages.isEmpty()) {
            // It has no batch norm.
            return 1;
        }
        Ints last = stages.get(stages.size() - 1);
        return last.get(1) * last.get(2) > 1 ? 1 : 2;
    }

    /**
     * The feature maps that the network can output, in the order in which it computes them, with their row shapes [C, H, W]:
     * {@code map/stage1} and so on, the outputs of its stages, and {@code map/last}, the map whose average over height and
     * width is the features. Empty for a network without stages.
     */
    public List<Output> maps(ImageShape image) {
        return FeatureMaps.of(this, image);
    }

    /** How a network is put together. */
    public enum Family {
        RESNET,
        WIDE_RESNET,
        VGG,
        DENSENET,
        MOBILENET_V2,
        SHUFFLENET_V2,
        ONE_HIDDEN_LAYER
    }
}
