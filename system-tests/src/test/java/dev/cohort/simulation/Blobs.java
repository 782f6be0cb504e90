package dev.cohort.simulation;

import dev.cohort.augment.data.ImageData;
import dev.cohort.augment.data.ImageSet;
import dev.cohort.protocol.ImageShape;
import java.util.List;
import java.util.Random;

/** Gaussian blobs as tiny grey images: each class has a centre, each image is its centre and noise. */
final class Blobs {
    /** For methods that read predictions of held-out images. */
    private static final double HELD_OUT = 0.2;

    static final ImageShape IMAGE = new ImageShape(4, 4, 1);
    static final int CLASSES = 4;

    private static final double GREY = 128;

    private final double[][] centres = new double[CLASSES][IMAGE.size()];
    private final Random random;
    private final double noise;

    private Blobs(long seed, double contrast, double noise) {
        random = new Random(seed);
        this.noise = noise;
        for (double[] centre : centres) {
            for (int i = 0; i < centre.length; i++) {
                centre[i] = GREY + contrast * random.nextGaussian();
            }
        }
    }

    /**
     * Draws a data set.
     *
     * @param contrast standard deviation of the centres, in grey levels
     * @param noise standard deviation of the images round their centre
     * @param mislabelled share of the training images whose label is drawn again
     */
    static ImageData drawn(long seed, int train, int test, double contrast, double noise, double mislabelled) {
        Blobs blobs = new Blobs(seed, contrast, noise);
        ImageSet learned = blobs.set(train, mislabelled);
        return ImageData.of(List.of("a", "b", "c", "d"), learned, blobs.set(test, 0), HELD_OUT);
    }

    private ImageSet set(int count, double mislabelled) {
        byte[] pixels = new byte[count * IMAGE.size()];
        int[] labels = new int[count];
        for (int image = 0; image < count; image++) {
            double[] centre = centres[image % CLASSES];
            for (int i = 0; i < centre.length; i++) {
                double grey = centre[i] + noise * random.nextGaussian();
                pixels[image * centre.length + i] = (byte) Math.max(0, Math.min(255, Math.round(grey)));
            }
            labels[image] = random.nextDouble() < mislabelled ? random.nextInt(CLASSES) : image % CLASSES;
        }
        return ImageSet.of(IMAGE, pixels, labels);
    }
}
