package dev.cohort.protocol;

/** A peer's source of images: rendered from its own copy of the data, or taken from the message. */
public interface Renderer {
    /**
     * The images of {@code batch} for the peer in {@code slot}, bit-identical on every machine.
     *
     * @throws IllegalArgumentException when the recipe does not fit the data
     */
    Images render(Batch batch, int slot);

    /**
     * The images held out from the training images, in the order of {@link Manifest#validationLabels}.
     *
     * @throws IllegalStateException when the run or this renderer has none
     */
    default Images validationImages() {
        throw new IllegalStateException("no validation images: set data.validation, and data.mode to recipe");
    }

    /** The test images, in the order of {@link Manifest#testLabels}. */
    Images testImages();
}
