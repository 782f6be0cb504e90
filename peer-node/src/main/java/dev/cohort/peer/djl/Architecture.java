package dev.cohort.peer.djl;

import dev.cohort.protocol.ImageShape;

/**
 * A student network that can be asked for by name. Plain data: knowing an architecture does not load PyTorch.
 *
 * @param name as experiments write it
 * @param oneLine what it is and where it comes from
 * @param featureWidth width D of the pooled features, whatever the images and classes
 * @param parameters trainable numbers with 10 classes and images of 3 channels, of 32x32 pixels where that matters
 * @param family how the network is put together
 * @param depth layers as the paper counts them; fixed by the family where the paper has one size only
 * @param width WIDE_RESNET: widening factor; DENSENET: growth rate; ONE_HIDDEN_LAYER: hidden units;
 *     otherwise 1
 * @param percent share of the channels of every layer that is there, in percent, rounded down; RESNET alone comes thinner
 *     than 100
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
    /** Of full width. */
    Architecture(String name, String oneLine, int featureWidth, long parameters, Family family, int depth, int width) {
        this(name, oneLine, featureWidth, parameters, family, depth, width, 100);
    }

    /** How many of {@code channels} are there. Whole numbers, so that nothing is lost to rounding before rounding down. */
    int thinned(int channels) {
        return channels * percent / 100;
    }

    /** Whether its high layers can be there several times on shared low ones. */
    public boolean branches() {
        return family == Family.RESNET;
    }

    /**
     * A Java heap (-Xmx) with room for a learner of this network, its checkpoints and the peer around it. PyTorch's own memory
     * comes on top.
     */
    public int heapMebibytes() {
        // A snapshot is weights and momenta, 4 bytes each; when one is read there are up to three copies of it.
        return Math.toIntExact(160 + 3 * 8 * parameters / (1 << 20));
    }

    /**
     * Fewest images of a batch to train on. Batch norm needs two values per channel; where a network brings an image down to a
     * single pixel before its last batch norm, each image gives one.
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
