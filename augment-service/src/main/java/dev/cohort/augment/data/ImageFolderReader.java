package dev.cohort.augment.data;

import dev.cohort.protocol.ImageShape;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Pictures in folders named after their classes: train/CLASS/*.png|jpg|jpeg and test/CLASS/... (or val/CLASS/...). Classes and
 * files are taken in the order of their names. All pictures have one size; they are grey (one channel) if every one is, else
 * RGB.
 */
final class ImageFolderReader {
    static final String EXPECTED = "a folder with train/CLASS/*.png and test/CLASS/*.png (or val/; .jpg, .jpeg alike)";

    private ImageFolderReader() {}

    static Splits read(Path path) throws DataException {
        Folder folder = Folder.open(path, EXPECTED);
        Path train = split(folder, "train");
        Path test = split(folder, "test", "val");
        List<Path> classFolders =
                Folder.list(train).stream().filter(Files::isDirectory).toList();
        if (classFolders.isEmpty()) {
            throw new DataException("no class folder in " + train.toAbsolutePath() + ": set data.path to " + EXPECTED);
        }
        List<String> names = classFolders.stream().map(Folder::name).toList();
        List<Picture> trainPictures = pictures(train, names);
        List<Picture> testPictures = pictures(test, names);
        Decoder decoder = new Decoder(trainPictures.get(0));
        ImageSet trainSet = decoder.decode(trainPictures);
        ImageSet testSet = decoder.decode(testPictures);
        return decoder.allGrey
                ? new Splits(names, firstChannel(trainSet), firstChannel(testSet))
                : new Splits(names, trainSet, testSet);
    }

    private static Path split(Folder folder, String... names) throws DataException {
        for (String name : names) {
            Path path = folder.path().resolve(name);
            if (Files.isDirectory(path)) {
                return path;
            }
        }
        throw new DataException("no folder " + String.join(" or ", names) + " in "
                + folder.path().toAbsolutePath() + ": set data.path to " + EXPECTED);
    }

    private static List<Picture> pictures(Path split, List<String> names) throws DataException {
        List<Picture> pictures = new ArrayList<>();
        for (Path classFolder :
                Folder.list(split).stream().filter(Files::isDirectory).toList()) {
            int label = names.indexOf(Folder.name(classFolder));
            if (label < 0) {
                throw new DataException(classFolder.toAbsolutePath() + " is a class without training pictures: expected"
                        + " one of the " + names.size() + " folders in train; add it there or remove it");
            }
            List<Path> files = Folder.list(classFolder).stream()
                    .filter(PictureFile::isPicture)
                    .toList();
            if (files.isEmpty()) {
                throw new DataException("no picture in " + classFolder.toAbsolutePath()
                        + ": expected .png, .jpg or .jpeg files; add some or remove the folder");
            }
            files.forEach(file -> pictures.add(new Picture(file, label)));
        }
        if (pictures.isEmpty()) {
            throw new DataException("no class folder in " + split.toAbsolutePath() + ": set data.path to " + EXPECTED);
        }
        return pictures;
    }

    private static ImageSet firstChannel(ImageSet rgb) {
        ImageShape shape = rgb.shape();
        ByteBuffer pixels = rgb.images().pixels();
        byte[] grey = new byte[pixels.remaining() / 3];
        for (int i = 0; i < grey.length; i++) {
            grey[i] = pixels.get(3 * i);
        }
        return ImageSet.owning(
                new ImageShape(shape.height(), shape.width(), 1),
                grey,
                rgb.labels().toArray());
    }

    private record Picture(Path file, int label) {}

    /** Decodes pictures that must all have the size of the first one. */
    private static final class Decoder {
        private final Path firstFile;
        private final int width;
        private final int height;
        private boolean allGrey = true;

        Decoder(Picture first) throws DataException {
            PictureFile picture = PictureFile.read(first.file());
            firstFile = first.file();
            width = picture.width();
            height = picture.height();
        }

        /** As RGB, grey or not. */
        ImageSet decode(List<Picture> pictures) throws DataException {
            long size = (long) width * height * 3;
            if (size * pictures.size() > Folder.ARRAY_BYTES_MAX) {
                throw new DataException(pictures.size() + " pictures of " + width + "x" + height + " beside "
                        + firstFile.toAbsolutePath() + " need " + ((size * pictures.size()) >> 20)
                        + " MiB of memory: expected at most 2047; use fewer or smaller ones");
            }
            byte[] rgb = new byte[(int) size * pictures.size()];
            int[] labels = new int[pictures.size()];
            for (int i = 0; i < labels.length; i++) {
                PictureFile picture = PictureFile.read(pictures.get(i).file());
                if (picture.width() != width || picture.height() != height) {
                    throw new DataException(pictures.get(i).file().toAbsolutePath() + " is " + picture.width() + "x"
                            + picture.height() + " pixels: expected " + width + "x" + height + " like "
                            + firstFile.toAbsolutePath() + "; bring all pictures to one size");
                }
                System.arraycopy(picture.rgb(), 0, rgb, i * (int) size, (int) size);
                labels[i] = pictures.get(i).label();
                allGrey &= picture.grey();
            }
            return ImageSet.owning(new ImageShape(height, width, 3), rgb, labels);
        }
    }
}
