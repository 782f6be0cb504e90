package dev.cohort.protocol;

/** The port through which a peer gets images: rendered from its own copy of the data, or unpacked from the message. */
public interface Renderer {
    /**
     * The images of {@code batch} as the peer in {@code slot} must see them. Bit-identical everywhere.
     *
     * @throws IllegalArgumentException when the recipe does not fit the data at hand
     */
    Images render(Batch batch, int slot);

    /**
     * The images held out from the training images, in the order of {@link Manifest#validationLabels}.
     *
     * @throws IllegalStateException when it has none
     */
    default Images validationImages() {
        throw new IllegalStateException("no validation images: set data.validation, and data.mode to recipe");
    }

    /** The test images, in the order of {@link Manifest#testLabels}. */
    Images testImages();
}
