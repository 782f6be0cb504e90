package dev.cohort.peer.djl;

/**
 * A student network that can be asked for by name. Plain data: knowing an architecture does not load PyTorch.
 *
 * @param name as experiments write it
 * @param oneLine what it is and where it comes from
 * @param featureWidth width D of the pooled features, whatever the images and classes
 * @param parameters trainable numbers with images of 3 channels and 10 classes
 * @param family how the network is put together
 * @param depth layers as the paper counts them; fixed by the family where the paper has one size only
 * @param width WIDE_RESNET: widening factor; DENSENET: growth rate; otherwise 1
 */
public record Architecture(
        String name, String oneLine, int featureWidth, long parameters, Family family, int depth, int width) {

    /** How a network is put together. */
    public enum Family {
        RESNET,
        WIDE_RESNET,
        VGG,
        DENSENET,
        MOBILENET_V2,
        SHUFFLENET_V2
    }
}
