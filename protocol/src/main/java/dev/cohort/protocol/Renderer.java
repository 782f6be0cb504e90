package dev.cohort.protocol;

/** The port through which a peer gets images: rendered from its own copy of the data, or unpacked from the message. */
public interface Renderer {
    /**
     * The images of {@code batch} as the peer in {@code slot} must see them. Bit-identical everywhere.
     *
     * @throws IllegalArgumentException when the recipe does not fit the data at hand
     */
    Images render(Batch batch, int slot);

    /** The test images, in the order of {@link Manifest#testLabels}. */
    Images testImages();
}
