package dev.cohort.protocol;

/**
 * Some of the test images, for peers without the data (pixel mode). The augmenter publishes all of them once, in order.
 *
 * @param first index of the first image here
 * @param total number of all test images
 * @param images the images from {@code first} on
 */
public record TestImages(int first, int total, Images images) implements Message {
    public TestImages {
        if (first < 0 || first + (long) images.count() > total) {
            throw new IllegalArgumentException("test images " + first + " to " + (first + (long) images.count())
                    + " of " + total + ": must lie within 0 to " + total);
        }
    }
}
