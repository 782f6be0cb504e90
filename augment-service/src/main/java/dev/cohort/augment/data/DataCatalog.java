package dev.cohort.augment.data;

import dev.cohort.experiment.Experiment;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The kinds of data that a run can train on. A new kind needs one entry here and one reader. */
public final class DataCatalog {
    private static final List<Kind> KINDS = List.of(
            new Kind(
                    "fashion-mnist",
                    "Fashion-MNIST, grey 28x28, 10 classes: 10,000 + 2,000 images are built in; all 70,000 with data.path",
                    "nothing, or " + IdxReader.EXPECTED),
            new Kind("cifar10", "CIFAR-10 (binary version), RGB 32x32, 10 classes", CifarReader.EXPECTED_10),
            new Kind("cifar100", "CIFAR-100 (binary version), RGB 32x32, 100 fine classes", CifarReader.EXPECTED_100),
            new Kind(
                    "idx",
                    "Grey images in IDX files, like MNIST, with an optional class-names.txt",
                    IdxReader.EXPECTED),
            new Kind(
                    "imagefolder",
                    "PNG or JPEG pictures of one size, one folder per class",
                    ImageFolderReader.EXPECTED));

    private DataCatalog() {}

    /**
     * One kind of data.
     *
     * @param name value of {@code data.name}
     * @param about one line for people
     * @param path description of {@code data.path}
     */
    public record Kind(String name, String about, String path) {}

    /** Every kind, in the order for lists. */
    public static List<Kind> kinds() {
        return KINDS;
    }

    /**
     * Reads the data into memory and holds out the validation share, if one is set. A relative path starts at the working
     * directory.
     *
     * @throws DataException when the data cannot be used; the message names what to do
     */
    public static ImageData open(Experiment.Data data) throws DataException {
        double share = data.validation().orElse(0);
        if (!(share >= 0 && share < 1)) {
            throw new DataException("data.validation: " + share + ": must be 0 to below 1");
        }
        Splits splits = read(data, Room.ofThisProcess());
        try {
            return ImageData.of(splits, share);
        } catch (IllegalArgumentException e) {
            throw new DataException(
                    "data " + data.name() + data.path().map(p -> " in " + p).orElse("") + ": " + e.getMessage());
        }
    }

    private static Splits read(Experiment.Data data, Room room) throws DataException {
        return switch (data.name()) {
            case "fashion-mnist" ->
                data.path().isEmpty()
                        ? BuiltInFashionMnist.read()
                        : IdxReader.read(path(data), Optional.of(BuiltInFashionMnist.CLASS_NAMES), room);
            case "cifar10" -> CifarReader.readCifar10(path(data), room);
            case "cifar100" -> CifarReader.readCifar100(path(data), room);
            case "idx" -> IdxReader.read(path(data), Optional.empty(), room);
            case "imagefolder" -> ImageFolderReader.read(path(data), room);
            default ->
                throw new DataException("data.name: " + data.name() + ": must be one of "
                        + String.join(", ", KINDS.stream().map(Kind::name).toList()));
        };
    }

    private static Path path(Experiment.Data data) throws DataException {
        String expected = KINDS.stream()
                .filter(kind -> kind.name().equals(data.name()))
                .map(Kind::path)
                .findFirst()
                .orElse("the data");
        if (data.path().isEmpty()) {
            throw new DataException("data.path is not set: " + data.name() + " needs " + expected);
        }
        try {
            return Path.of(data.path().get());
        } catch (InvalidPathException e) {
            throw new DataException("data.path: " + data.path().get() + ": is not a path; must be " + expected);
        }
    }
}
