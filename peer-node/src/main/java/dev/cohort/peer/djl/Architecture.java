package dev.cohort.peer.djl;

import dev.cohort.protocol.ImageShape;

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
        int height = image.height();
        int width = image.width();
        switch (family) {
            case RESNET, WIDE_RESNET, DENSENET -> {
                height /= 4;
                width /= 4;
            }
            case VGG -> {
                for (int pool = 0; pool < 4 && Math.min(height, width) >= 2; pool++) {
                    height /= 2;
                    width /= 2;
                }
            }
            case MOBILENET_V2, SHUFFLENET_V2 -> {
                // Convolutions of stride 2 round up.
                height = (height + 7) / 8;
                width = (width + 7) / 8;
            }
            case ONE_HIDDEN_LAYER -> {
                // It has no batch norm.
                return 1;
            }
        }
        return height * width > 1 ? 1 : 2;
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
