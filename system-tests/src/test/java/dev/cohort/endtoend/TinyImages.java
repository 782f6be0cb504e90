package dev.cohort.endtoend;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import javax.imageio.ImageIO;

/** Data sets of a few images each, in every form the product reads: class k is brightest in band k, under some noise. */
enum TinyImages {
    /** Four files, grey 8x8. */
    IDX("idx", 4),
    /** Two files, RGB 32x32. */
    CIFAR10("cifar10", 10),
    /** PNG pictures in folders, RGB 12x12. */
    IMAGEFOLDER("imagefolder", 3);

    static final int TRAIN = 96;
    static final int TEST = 24;

    private final String dataName;
    private final int classes;

    TinyImages(String dataName, int classes) {
        this.dataName = dataName;
        this.classes = classes;
    }

    /** As {@code data.name} calls it. */
    String dataName() {
        return dataName;
    }

    /** Writes it to {@code folder/<name>} and returns that. */
    Path write(Path folder) {
        Path own = folder.resolve(dataName);
        try {
            Files.createDirectories(own);
            switch (this) {
                case IDX -> {
                    idx(own, "train", TRAIN, 1);
                    idx(own, "t10k", TEST, 2);
                }
                case CIFAR10 -> {
                    Files.write(own.resolve("data_batch_1.bin"), cifar(TRAIN, 1));
                    Files.write(own.resolve("test_batch.bin"), cifar(TEST, 2));
                }
                case IMAGEFOLDER -> {
                    pictures(own.resolve("train"), TRAIN, 1);
                    pictures(own.resolve("test"), TEST, 2);
                }
            }
            return own;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private int label(int image) {
        return image % classes;
    }

    private byte pixel(Random noise, int label, int row, int rows) {
        boolean bright = row * classes / rows == label;
        return (byte) (noise.nextInt(80) + (bright ? 160 : 0));
    }

    private void idx(Path folder, String prefix, int count, long seed) throws IOException {
        int size = 8;
        Random noise = new Random(seed);
        ByteBuffer images = ByteBuffer.allocate(16 + count * size * size);
        images.putInt(0x803).putInt(count).putInt(size).putInt(size);
        ByteBuffer labels = ByteBuffer.allocate(8 + count);
        labels.putInt(0x801).putInt(count);
        for (int i = 0; i < count; i++) {
            labels.put((byte) label(i));
            for (int at = 0; at < size * size; at++) {
                images.put(pixel(noise, label(i), at / size, size));
            }
        }
        Files.write(folder.resolve(prefix + "-images-idx3-ubyte"), images.array());
        Files.write(folder.resolve(prefix + "-labels-idx1-ubyte"), labels.array());
    }

    private byte[] cifar(int count, long seed) {
        int size = 32;
        Random noise = new Random(seed);
        ByteBuffer records = ByteBuffer.allocate(count * (1 + 3 * size * size));
        for (int i = 0; i < count; i++) {
            records.put((byte) label(i));
            for (int at = 0; at < 3 * size * size; at++) {
                records.put(pixel(noise, label(i), at / size % size, size));
            }
        }
        return records.array();
    }

    private void pictures(Path split, int count, long seed) throws IOException {
        int size = 12;
        Random noise = new Random(seed);
        for (int i = 0; i < count; i++) {
            BufferedImage picture = new BufferedImage(size, size, BufferedImage.TYPE_INT_RGB);
            for (int at = 0; at < size * size; at++) {
                int grey = pixel(noise, label(i), at / size, size) & 0xff;
                picture.setRGB(at % size, at / size, grey << 16 | grey << 8 | noise.nextInt(256));
            }
            Path folder = Files.createDirectories(split.resolve("class" + label(i)));
            ImageIO.write(picture, "png", folder.resolve(i + ".png").toFile());
        }
    }
}
