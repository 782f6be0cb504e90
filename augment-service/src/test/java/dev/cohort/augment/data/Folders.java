package dev.cohort.augment.data;

import dev.cohort.experiment.Experiment;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.zip.GZIPOutputStream;

/** Makes small data folders, valid and damaged, for the tests of readers. */
final class Folders {
    private Folders() {}

    static Experiment.Data data(String name, Path path) {
        return data(name, path, 0);
    }

    static Experiment.Data data(String name, Path path, double validation) {
        return new Experiment.Data(
                name, Optional.of(path.toString()), Experiment.Data.Delivery.RECIPE, OptionalDouble.of(validation));
    }

    static Experiment.Data builtIn(double validation) {
        return new Experiment.Data(
                "fashion-mnist", Optional.empty(), Experiment.Data.Delivery.RECIPE, OptionalDouble.of(validation));
    }

    /** {@code train} and {@code test} images of 2 rows and 3 columns, labels counting up modulo {@code classes}. */
    static void idx(Path folder, int train, int test, int classes) throws IOException {
        write(folder.resolve("train-images-idx3-ubyte"), idxImages(train, 2, 3));
        write(folder.resolve("train-labels-idx1-ubyte"), idxLabels(train, classes));
        write(folder.resolve("t10k-images-idx3-ubyte"), idxImages(test, 2, 3));
        write(folder.resolve("t10k-labels-idx1-ubyte"), idxLabels(test, classes));
    }

    /** Pixel values count up from 0, modulo 256. */
    static byte[] idxImages(int count, int height, int width) {
        ByteBuffer file = ByteBuffer.allocate(16 + count * height * width);
        file.putInt(0x803).putInt(count).putInt(height).putInt(width);
        for (int i = 0; i < count * height * width; i++) {
            file.put((byte) i);
        }
        return file.array();
    }

    static byte[] idxLabels(int count, int classes) {
        ByteBuffer file = ByteBuffer.allocate(8 + count);
        file.putInt(0x801).putInt(count);
        for (int i = 0; i < count; i++) {
            file.put((byte) (i % classes));
        }
        return file.array();
    }

    /** Records of CIFAR: the given label bytes, then red = record number, green = row, blue = column. */
    static byte[] cifar(int records, int... labelBytes) {
        ByteBuffer file = ByteBuffer.allocate(records * (labelBytes.length + 3072));
        for (int record = 0; record < records; record++) {
            for (int label : labelBytes) {
                file.put((byte) label);
            }
            for (int i = 0; i < 3072; i++) {
                int plane = i / 1024;
                file.put((byte) (plane == 0 ? record : plane == 1 ? i % 1024 / 32 : i % 32));
            }
        }
        return file.array();
    }

    static void write(Path file, byte[] content) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        Files.write(file, content);
    }

    static byte[] gzip(byte[] content) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(packed)) {
            out.write(content);
        }
        return packed.toByteArray();
    }
}
