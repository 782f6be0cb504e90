package dev.cohort.augment.data;

import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Normalisation;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** A data set: training, validation and test images of one size, and the names of the classes. Immutable. */
public final class ImageData {
    private static final int CLASSES_NAMED_MAX = 10;

    private final List<String> classNames;
    private final ImageSet train;
    private final ImageSet validation;
    private final ImageSet test;
    private final Normalisation normalisation;
    private final Digest digest;
    private final List<String> notes;

    private ImageData(List<String> classNames, ImageSet train, ImageSet validation, ImageSet test, List<String> notes) {
        this.classNames = classNames;
        this.train = train;
        this.validation = validation;
        this.test = test;
        this.normalisation = pixelStatistics(train);
        this.digest = digest(classNames, List.of(train, validation, test));
        this.notes = List.copyOf(notes);
    }

    /**
     * Holds out {@code validationShare} of the training images: the same share of each class, rounded half up, evenly spaced in
     * the order of the data. Deterministic, so all processes hold out the same images.
     *
     * @param validationShare 0 (nothing is held out) to below 1
     * @throws IllegalArgumentException when shapes differ, a label has no class name, or a set or share is impossible
     */
    public static ImageData of(List<String> classNames, ImageSet train, ImageSet test, double validationShare) {
        return of(new Splits(classNames, train, test), validationShare);
    }

    /** Likewise, for the result of a reader. */
    static ImageData of(Splits splits, double validationShare) {
        List<String> names = splits.classNames();
        ImageSet train = splits.train();
        ImageSet test = splits.test();
        requireUsable("training", names, train);
        requireUsable("test", names, test);
        if (!train.shape().equals(test.shape())) {
            throw new IllegalArgumentException(
                    "training images of " + train.shape() + ", test images of " + test.shape() + ": must be equal");
        }
        if (!(validationShare >= 0 && validationShare < 1)) {
            throw new IllegalArgumentException("validation share " + validationShare + ": must be 0 to below 1");
        }
        Stratified.Parts parts = Stratified.byShare(train.labels(), names.size(), validationShare);
        if (parts.rest().size() == 0) {
            throw new IllegalArgumentException("validation share " + validationShare + " of " + train.count()
                    + " training images leaves none to train on: must be smaller");
        }
        ImageSet kept = parts.chosen().size() == 0 ? train : train.select(parts.rest());
        List<String> notes = new ArrayList<>(splits.notes());
        without(names, "training", train).ifPresent(notes::add);
        without(names, "test", test).ifPresent(notes::add);
        return new ImageData(names, kept, train.select(parts.chosen()), test, notes);
    }

    /** A note on classes without an image in a set. */
    private static Optional<String> without(List<String> names, String what, ImageSet set) {
        boolean[] present = new boolean[names.size()];
        set.labels().stream().forEach(label -> present[label] = true);
        List<String> absent = IntStream.range(0, present.length)
                .filter(label -> !present[label])
                .mapToObj(names::get)
                .toList();
        if (absent.isEmpty()) {
            return Optional.empty();
        }
        String first = String.join(", ", absent.subList(0, Math.min(CLASSES_NAMED_MAX, absent.size())));
        boolean fromOne = absent.size() == 1 && absent.get(0).equals("0");
        return Optional.of(
                absent.size() + " of " + names.size() + (absent.size() == 1 ? " classes has" : " classes have")
                        + " no " + what + " image: " + first + (absent.size() > CLASSES_NAMED_MAX ? ", ..." : "")
                        + (fromOne ? "; labels count from 0, and these may count from 1" : ""));
    }

    private static void requireUsable(String what, List<String> classNames, ImageSet set) {
        if (set.count() == 0) {
            throw new IllegalArgumentException("no " + what + " images: must be at least 1");
        }
        for (int i = 0; i < set.count(); i++) {
            int label = set.labels().get(i);
            if (label < 0 || label >= classNames.size()) {
                throw new IllegalArgumentException(
                        "label " + label + " of " + what + " image " + i + ": must be 0 to " + (classNames.size() - 1));
            }
        }
    }

    public ImageShape shape() {
        return train.shape();
    }

    public int classes() {
        return classNames.size();
    }

    /** Name of each class id. */
    public List<String> classNames() {
        return classNames;
    }

    /** The training images, without the held-out ones. */
    public ImageSet train() {
        return train;
    }

    /** The images held out from the training images; may be empty. */
    public ImageSet validation() {
        return validation;
    }

    public ImageSet test() {
        return test;
    }

    /**
     * Mean and population standard deviation of pixel / 255 per channel, computed from the training images. These are the true
     * pixel statistics; the deviations often given for CIFAR-10 (0.2023, 0.1994, 0.2010) are smaller, because they average the
     * deviations of single images. A constant channel gets the deviation 1/255, to avoid a division by zero.
     */
    public Normalisation normalisation() {
        return normalisation;
    }

    /** Digest of class names, shapes, labels and pixels of all three sets: data with equal digests is equal. */
    public Digest digest() {
        return digest;
    }

    /** Notes for the user on files that were skipped, changed or are missing; one line each. */
    public List<String> notes() {
        return notes;
    }

    private static Normalisation pixelStatistics(ImageSet set) {
        int channels = set.shape().channels();
        long[] sums = new long[channels];
        long[] squares = new long[channels];
        byte[] row = new byte[set.shape().width() * channels];
        for (int image = 0; image < set.count(); image++) {
            for (int y = 0; y < set.shape().height(); y++) {
                set.copyRow(image, y, 0, set.shape().width(), row, 0);
                for (int i = 0, channel = 0; i < row.length; i++) {
                    long value = row[i] & 0xff;
                    sums[channel] += value;
                    squares[channel] += value * value;
                    channel = channel + 1 == channels ? 0 : channel + 1;
                }
            }
        }
        double pixels =
                (double) set.count() * set.shape().height() * set.shape().width();
        List<Double> means = new ArrayList<>();
        List<Double> deviations = new ArrayList<>();
        for (int channel = 0; channel < channels; channel++) {
            double mean = sums[channel] / pixels;
            double variance = Math.max(0, squares[channel] / pixels - mean * mean);
            means.add(mean / 255);
            deviations.add(variance == 0 ? 1.0 / 255 : Math.sqrt(variance) / 255);
        }
        return new Normalisation(means, deviations);
    }

    private static Digest digest(List<String> classNames, List<ImageSet> sets) {
        Hasher hasher = new Hasher().number(classNames.size());
        classNames.forEach(hasher::text);
        for (ImageSet set : sets) {
            hasher.ints(set.labels()).digest(set.images().digest());
        }
        return hasher.digest();
    }
}
