package dev.cohort.augment.data;

import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Limits;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Reads grey images in the four IDX files of MNIST and its successors, plain or .gz. */
final class IdxReader {
    static final String EXPECTED = "a folder with train-images-idx3-ubyte, train-labels-idx1-ubyte,"
            + " t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte, plain or .gz";
    private static final String CLASS_NAMES = "class-names.txt";

    private IdxReader() {}

    /** Source of a file: a folder or the built-in data. */
    interface Source {
        IdxFile read(String name, int rank) throws DataException;
    }

    /**
     * Reads a folder. Class names come from its class-names.txt (one per line), else from {@code knownNames}, else they are the
     * numbers up to the largest label.
     */
    static Splits read(Path path, Optional<List<String>> knownNames, Room room) throws DataException {
        Folder folder = Folder.open(path, EXPECTED);
        Optional<Path> namesFile = folder.find(CLASS_NAMES);
        Optional<List<String>> names = namesFile.isPresent() ? Optional.of(Folder.names(namesFile.get())) : knownNames;
        return read((name, rank) -> readFile(folder.need(name + ".gz", name), rank, room), names);
    }

    static Splits read(Source source, Optional<List<String>> knownNames) throws DataException {
        IdxFile trainLabels = source.read("train-labels-idx1-ubyte", 1);
        IdxFile testLabels = source.read("t10k-labels-idx1-ubyte", 1);
        List<String> names = knownNames.orElseGet(() -> numbersUpToLargest(trainLabels));
        ImageSet train = set("train", source.read("train-images-idx3-ubyte", 3), trainLabels, names);
        ImageSet test = set("t10k", source.read("t10k-images-idx3-ubyte", 3), testLabels, names);
        if (!train.shape().equals(test.shape())) {
            throw new DataException("train-images-idx3-ubyte has images of " + size(train.shape())
                    + ", t10k-images-idx3-ubyte of " + size(test.shape()) + ": expected one size; use files that belong"
                    + " together");
        }
        return new Splits(names, train, test);
    }

    private static IdxFile readFile(Path file, int rank, Room room) throws DataException {
        try (InputStream in = Files.newInputStream(file)) {
            return IdxFile.read(in, file.toAbsolutePath().toString(), rank, room);
        } catch (IOException e) {
            throw Folder.unreadable(file, e);
        }
    }

    private static ImageSet set(String prefix, IdxFile images, IdxFile labels, List<String> names)
            throws DataException {
        int[] classIds = new int[labels.values().length];
        for (int i = 0; i < classIds.length; i++) {
            classIds[i] = labels.values()[i] & 0xff;
            if (classIds[i] >= names.size()) {
                throw new DataException(prefix + "-labels-idx1-ubyte: label " + classIds[i] + " of image " + i
                        + ": expected 0 to " + (names.size() - 1) + "; use files that belong together, or name every"
                        + " class in " + CLASS_NAMES);
            }
        }
        if (images.dimensions().get(0) != classIds.length) {
            throw new DataException(
                    prefix + "-images-idx3-ubyte has " + images.dimensions().get(0) + " images, " + prefix
                            + "-labels-idx1-ubyte " + classIds.length
                            + " labels: expected equal numbers; use files that belong together");
        }
        int height = images.dimensions().get(1);
        int width = images.dimensions().get(2);
        int sideMax = Limits.DEFAULT.imageSideMax();
        if (Math.max(height, width) > sideMax || Math.min(height, width) < 1) {
            throw new DataException(prefix + "-images-idx3-ubyte has images of " + height + "x" + width
                    + " pixels: a side must have 1 to " + sideMax + "; crop or scale them");
        }
        ImageShape shape = new ImageShape(height, width, 1);
        return ImageSet.owning(shape, images.values(), classIds);
    }

    private static List<String> numbersUpToLargest(IdxFile labels) {
        int largest = 0;
        for (byte label : labels.values()) {
            largest = Math.max(largest, label & 0xff);
        }
        return IntStream.rangeClosed(0, largest).mapToObj(Integer::toString).toList();
    }

    private static String size(ImageShape shape) {
        return shape.height() + "x" + shape.width();
    }
}
