package dev.cohort.augment.data;

import dev.cohort.protocol.ImageShape;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/**
 * Reads CIFAR-10 and CIFAR-100 in the binary version of https://www.cs.toronto.edu/~kriz/cifar.html: records of one or two label
 * bytes (CIFAR-100: coarse, then fine; the fine one is used) and 3,072 pixel bytes, the red, green and blue planes row-major.
 */
final class CifarReader {
    static final String EXPECTED_10 = "a folder with data_batch_1.bin (and further batches) and test_batch.bin";
    static final String EXPECTED_100 = "a folder with train.bin and test.bin";

    private static final ImageShape SHAPE = new ImageShape(32, 32, 3);
    private static final int PLANE = 32 * 32;
    private static final int NAMED_MAX = 10;
    private static final Pattern DATA_BATCH = Pattern.compile("data_batch_([0-9]{1,9})\\.bin");
    private static final List<String> CLASSES_10 =
            List.of("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck");

    private CifarReader() {}

    /** Reads a folder, or the folder cifar-10-batches-bin within it. */
    static Splits readCifar10(Path path, Room room) throws DataException {
        Folder folder = archive(Folder.open(path, EXPECTED_10), "cifar-10-batches-bin");
        List<Path> batches = dataBatches(folder);
        List<String> names = names(folder, "batches.meta.txt", CLASSES_10);
        Path test = folder.need("test_batch.bin");
        requireRoom(room, batches, test);
        return new Splits(
                names, read(batches, 1, names.size()), read(List.of(test), 1, names.size()), missing(batches));
    }

    /** Reads a folder, or the folder cifar-100-binary within it. */
    static Splits readCifar100(Path path, Room room) throws DataException {
        Folder folder = archive(Folder.open(path, EXPECTED_100), "cifar-100-binary");
        List<String> numbers =
                IntStream.range(0, 100).mapToObj(Integer::toString).toList();
        List<String> names = names(folder, "fine_label_names.txt", numbers);
        Path train = folder.need("train.bin");
        Path test = folder.need("test.bin");
        requireRoom(room, List.of(train), test);
        return new Splits(names, read(List.of(train), 2, names.size()), read(List.of(test), 2, names.size()));
    }

    private static Folder archive(Folder folder, String unpacked) {
        Path inner = folder.path().resolve(unpacked);
        return Files.isDirectory(inner) ? new Folder(inner, folder.expected()) : folder;
    }

    private static List<String> names(Folder folder, String file, List<String> known) throws DataException {
        Optional<Path> found = folder.find(file);
        if (found.isEmpty()) {
            return known;
        }
        List<String> names = Folder.names(found.get());
        if (names.size() != known.size()) {
            throw new DataException(found.get().toAbsolutePath() + " names " + names.size() + " classes: expected "
                    + known.size() + "; download it again or delete it");
        }
        return names;
    }

    /** The data batches in the order of their numbers: data_batch_10 comes after data_batch_9. */
    private static List<Path> dataBatches(Folder folder) throws DataException {
        List<Path> batches = Folder.list(folder.path()).stream()
                .filter(path -> DATA_BATCH.matcher(Folder.name(path)).matches())
                .sorted(Comparator.comparingInt(CifarReader::number))
                .toList();
        return batches.isEmpty() ? List.of(folder.need("data_batch_1.bin")) : batches;
    }

    private static int number(Path batch) {
        Matcher matcher = DATA_BATCH.matcher(Folder.name(batch));
        return matcher.matches() ? Integer.parseInt(matcher.group(1)) : 0;
    }

    /** Twice the size, since the files are in memory while they are decoded, and held-out images are copied. */
    private static void requireRoom(Room room, List<Path> train, Path test) throws DataException {
        long bytes = size(test);
        for (Path file : train) {
            bytes += size(file);
        }
        room.require(2 * bytes, "the data in " + test.toAbsolutePath().getParent());
    }

    private static long size(Path file) throws DataException {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw Folder.unreadable(file, e);
        }
    }

    /** A note on missing batches before existing ones. */
    private static List<String> missing(List<Path> batches) {
        List<Integer> numbers = batches.stream().map(CifarReader::number).toList();
        int last = numbers.get(numbers.size() - 1);
        List<String> missing = IntStream.range(1, last)
                .filter(number -> !numbers.contains(number))
                .mapToObj(number -> "data_batch_" + number + ".bin")
                .limit(NAMED_MAX)
                .toList();
        return missing.isEmpty()
                ? List.of()
                : List.of(String.join(", ", missing) + (missing.size() == 1 ? " is" : " are")
                        + " missing, though data_batch_" + last + ".bin exists");
    }

    private static ImageSet read(List<Path> files, int labelBytes, int classes) throws DataException {
        List<byte[]> contents = new ArrayList<>();
        long images = 0;
        for (Path file : files) {
            byte[] content = records(file, labelBytes + SHAPE.size());
            contents.add(content);
            images += content.length / (labelBytes + SHAPE.size());
        }
        if (images * SHAPE.size() > Folder.ARRAY_BYTES_MAX) {
            throw new DataException(files.get(0).toAbsolutePath() + " and others have " + images
                    + " images: expected at most " + Folder.ARRAY_BYTES_MAX / SHAPE.size() + "; use fewer files");
        }
        byte[] pixels = new byte[(int) images * SHAPE.size()];
        int[] labels = new int[(int) images];
        int at = 0;
        for (int i = 0; i < contents.size(); i++) {
            at = decode(files.get(i), contents.get(i), labelBytes, classes, pixels, labels, at);
        }
        return ImageSet.owning(SHAPE, pixels, labels);
    }

    private static byte[] records(Path file, int recordBytes) throws DataException {
        try {
            long size = Files.size(file);
            if (size == 0 || size % recordBytes != 0 || size > Folder.ARRAY_BYTES_MAX) {
                throw new DataException(
                        file.toAbsolutePath() + " has " + size + " bytes: expected a multiple of " + recordBytes
                                + ", one record per image; it is truncated or of another kind, download it again");
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw Folder.unreadable(file, e);
        }
    }

    /** Decodes all records of one file into the images from {@code at} on; returns the next free index. */
    private static int decode(
            Path file, byte[] content, int labelBytes, int classes, byte[] pixels, int[] labels, int at)
            throws DataException {
        int image = at;
        for (int start = 0; start < content.length; start += labelBytes + SHAPE.size()) {
            int label = content[start + labelBytes - 1] & 0xff;
            if (label >= classes) {
                throw new DataException(file.toAbsolutePath() + " has label " + label + " in record " + (image - at)
                        + ": expected 0 to " + (classes - 1)
                        + "; the file is damaged or of another kind, download it again");
            }
            labels[image] = label;
            int to = image * SHAPE.size();
            for (int red = start + labelBytes; red < start + labelBytes + PLANE; red++) {
                pixels[to++] = content[red];
                pixels[to++] = content[red + PLANE];
                pixels[to++] = content[red + 2 * PLANE];
            }
            image++;
        }
        return image;
    }
}
