package dev.cohort.augment.data;

import dev.cohort.protocol.ImageShape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Reads pictures from folders named after their classes: train/CLASS/*.png|jpg|jpeg and test/CLASS/... (or val/CLASS/...).
 * Classes and files are read in the order of their names. All pictures have the same size. The data is grey (one channel) if
 * every picture is, else RGB.
 */
final class ImageFolderReader {
    static final String EXPECTED = "a folder with train/CLASS/*.png and test/CLASS/*.png (or val/, or .jpg, .jpeg)";

    private ImageFolderReader() {}

    static Splits read(Path path, Room room) throws DataException {
        Folder folder = Folder.open(path, EXPECTED);
        Path train = split(folder, "train");
        Path test = split(folder, "test", "val");
        LeftOut leftOut = new LeftOut();
        List<Path> classFolders = classFolders(train, leftOut);
        if (classFolders.isEmpty()) {
            throw new DataException("no class folder in " + train.toAbsolutePath() + ": data.path must be " + EXPECTED);
        }
        List<String> names = classFolders.stream().map(Folder::name).toList();
        List<Picture> trainPictures = pictures(train, classFolders, names, leftOut);
        List<Picture> testPictures = pictures(test, classFolders(test, leftOut), names, leftOut);
        Decoder decoder = new Decoder(trainPictures.get(0));
        room.require(
                decoder.bytes(trainPictures.size() + testPictures.size()),
                trainPictures.size() + testPictures.size() + " pictures in " + path.toAbsolutePath());
        Pixels trained = decoder.decode(trainPictures);
        Pixels tested = decoder.decode(testPictures);
        if (trained.channels() != tested.channels()) {
            trained.colour();
            tested.colour();
        }
        List<String> notes = new ArrayList<>(leftOut.notes());
        notes.addAll(decoder.notes());
        notes.addAll(alike(names));
        return new Splits(names, decoder.set(trained, trainPictures), decoder.set(tested, testPictures), notes);
    }

    private static List<Path> classFolders(Path split, LeftOut leftOut) throws DataException {
        List<Path> folders = new ArrayList<>();
        for (Path entry : Folder.list(split)) {
            if (Files.isDirectory(entry)) {
                folders.add(entry);
            } else {
                leftOut.add(entry);
            }
        }
        return folders;
    }

    /** Notes on classes that would be one on a machine with case-insensitive file names. */
    private static List<String> alike(List<String> names) {
        SortedMap<String, String> seen = new TreeMap<>();
        List<String> notes = new ArrayList<>();
        for (String name : names) {
            String other = seen.putIfAbsent(name.toLowerCase(Locale.ROOT), name);
            if (other != null) {
                notes.add("classes " + other + " and " + name
                        + " differ only in case: with case-insensitive file names, they would be one class");
            }
        }
        return notes;
    }

    private static Path split(Folder folder, String... names) throws DataException {
        for (String name : names) {
            Path path = folder.path().resolve(name);
            if (Files.isDirectory(path)) {
                return path;
            }
        }
        throw new DataException("no folder " + String.join(" or ", names) + " in "
                + folder.path().toAbsolutePath() + ": data.path must be " + EXPECTED);
    }

    private static List<Picture> pictures(Path split, List<Path> classFolders, List<String> names, LeftOut leftOut)
            throws DataException {
        List<Picture> pictures = new ArrayList<>();
        for (Path classFolder : classFolders) {
            int label = names.indexOf(Folder.name(classFolder));
            if (label < 0) {
                throw new DataException(classFolder.toAbsolutePath() + " is a class without training pictures: expected"
                        + " one of the " + names.size() + " folders in train" + alike(Folder.name(classFolder), names)
                        + "; add it there or remove it");
            }
            int before = pictures.size();
            for (Path file : Folder.list(classFolder)) {
                if (PictureFile.isPicture(file)) {
                    pictures.add(new Picture(file, label));
                } else {
                    leftOut.add(file);
                }
            }
            if (pictures.size() == before) {
                throw new DataException("no picture in " + classFolder.toAbsolutePath()
                        + ": expected .png, .jpg or .jpeg files; add some or remove the folder");
            }
        }
        if (pictures.isEmpty()) {
            throw new DataException("no class folder in " + split.toAbsolutePath() + ": data.path must be " + EXPECTED);
        }
        return pictures;
    }

    /** A hint at a class whose name differs only in case. */
    private static String alike(String name, List<String> names) {
        return names.stream()
                .filter(name::equalsIgnoreCase)
                .findFirst()
                .map(known -> " (" + known + " differs from it only in case)")
                .orElse("");
    }

    private record Picture(Path file, int label) {}

    /** Pixels of pictures of one size: one byte per pixel while all are grey, else three. */
    private static final class Pixels {
        private final int perPicture;
        private byte[] values;
        private int channels = 1;
        private int count;

        Pixels(int pictures, int perPicture) {
            this.perPicture = perPicture;
            this.values = new byte[pictures * perPicture];
        }

        int channels() {
            return channels;
        }

        void add(PictureFile picture) {
            if (!picture.grey()) {
                colour();
            }
            int from = count++ * perPicture * channels;
            for (int i = 0; i < perPicture * channels; i++) {
                values[from + i] = picture.rgb()[i * 3 / channels];
            }
        }

        /** Changes to three bytes per pixel. */
        void colour() {
            if (channels == 3) {
                return;
            }
            byte[] rgb = new byte[values.length * 3];
            for (int i = 0; i < count * perPicture; i++) {
                rgb[3 * i] = values[i];
                rgb[3 * i + 1] = values[i];
                rgb[3 * i + 2] = values[i];
            }
            values = rgb;
            channels = 3;
        }

        byte[] values() {
            return values;
        }
    }

    /** Decodes pictures that must all have the size of the first one. */
    private static final class Decoder {
        private final Path firstFile;
        private final int width;
        private final int height;
        private final int channels;
        private int turned;
        private int animated;

        Decoder(Picture first) throws DataException {
            PictureFile picture = PictureFile.read(first.file());
            firstFile = first.file();
            width = picture.width();
            height = picture.height();
            channels = picture.grey() ? 1 : 3;
        }

        /** Memory for so many pictures like the first one, and for a copy, in case some are held out. */
        long bytes(int pictures) {
            return 2L * channels * width * height * pictures;
        }

        /** Notes on turned and animated pictures. */
        List<String> notes() {
            List<String> notes = new ArrayList<>();
            if (turned > 0) {
                notes.add(turned + (turned == 1 ? " picture was" : " pictures were")
                        + " turned or mirrored according to the Exif orientation in the file");
            }
            if (animated > 0) {
                notes.add(animated + (animated == 1 ? " picture is" : " pictures are")
                        + " animated: only the first frame is used");
            }
            return notes;
        }

        Pixels decode(List<Picture> pictures) throws DataException {
            // Counted as RGB, since a single coloured picture makes all of them RGB.
            long bytes = 3L * width * height * pictures.size();
            if (bytes > Folder.ARRAY_BYTES_MAX) {
                throw new DataException(pictures.size() + " pictures of " + width + "x" + height + " beside "
                        + firstFile.toAbsolutePath() + " need " + (bytes >> 20)
                        + " MiB of memory: expected at most 2047; use fewer or smaller ones");
            }
            Pixels pixels = new Pixels(pictures.size(), width * height);
            for (Picture one : pictures) {
                PictureFile picture = PictureFile.read(one.file());
                if (picture.width() != width || picture.height() != height) {
                    throw new DataException(one.file().toAbsolutePath() + " is " + picture.width() + "x"
                            + picture.height() + " pixels: expected " + width + "x" + height + " like "
                            + firstFile.toAbsolutePath() + "; scale all pictures to one size");
                }
                pixels.add(picture);
                turned += picture.turned() ? 1 : 0;
                animated += picture.animated() ? 1 : 0;
            }
            return pixels;
        }

        ImageSet set(Pixels pixels, List<Picture> pictures) {
            return ImageSet.owning(
                    new ImageShape(height, width, pixels.channels()),
                    pixels.values(),
                    pictures.stream().mapToInt(Picture::label).toArray());
        }
    }
}
