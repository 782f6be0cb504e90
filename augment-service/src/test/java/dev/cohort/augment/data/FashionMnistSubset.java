package dev.cohort.augment.data;

import dev.cohort.tensor.Ints;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.Deflater;
import java.util.zip.GZIPOutputStream;

/**
 * Makes the built-in data from the whole of Fashion-MNIST (https://github.com/zalandoresearch/fashion-mnist). Not part of the
 * build; to make the files again:
 *
 * <pre>
 * ./mvnw test-compile -pl augment-service -am
 * java -cp augment-service/target/classes:augment-service/target/test-classes:protocol/target/classes \
 *     dev.cohort.augment.data.FashionMnistSubset FOLDER_OF_THE_FOUR_FILES \
 *     augment-service/src/main/resources/dev/cohort/augment/data/fashion-mnist
 * </pre>
 */
final class FashionMnistSubset {
    private static final int TRAIN_PER_CLASS = 1000;
    private static final int TEST_PER_CLASS = 200;

    private FashionMnistSubset() {}

    public static void main(String[] args) throws DataException, IOException {
        if (args.length != 2) {
            throw new IllegalArgumentException("arguments: folder with Fashion-MNIST, folder to write to");
        }
        make(Path.of(args[0]), Path.of(args[1]), TRAIN_PER_CLASS, TEST_PER_CLASS);
    }

    static void make(Path from, Path to, int trainPerClass, int testPerClass) throws DataException, IOException {
        Splits whole = IdxReader.read(from, Optional.of(BuiltInFashionMnist.CLASS_NAMES), Room.ofThisProcess());
        write(to, "train", choose(whole.train(), trainPerClass));
        write(to, "t10k", choose(whole.test(), testPerClass));
    }

    private static ImageSet choose(ImageSet set, int perClass) {
        return set.select(Stratified.byCount(set.labels(), BuiltInFashionMnist.CLASS_NAMES.size(), perClass)
                .chosen());
    }

    private static void write(Path folder, String prefix, ImageSet set) throws IOException {
        Ints labels = set.labels();
        ByteBuffer labelFile = ByteBuffer.allocate(8 + labels.size());
        labelFile.putInt(0x801).putInt(labels.size());
        labels.stream().forEach(label -> labelFile.put((byte) label));
        ByteBuffer imageFile =
                ByteBuffer.allocate(16 + set.count() * set.shape().size());
        imageFile.putInt(0x803).putInt(set.count());
        imageFile.putInt(set.shape().height()).putInt(set.shape().width());
        imageFile.put(set.images().pixels());
        gzip(folder.resolve(prefix + "-labels-idx1-ubyte.gz"), labelFile.array());
        gzip(folder.resolve(prefix + "-images-idx3-ubyte.gz"), imageFile.array());
    }

    private static void gzip(Path file, byte[] content) throws IOException {
        try (OutputStream out = new BestGzip(Files.newOutputStream(file))) {
            out.write(content);
        }
    }

    /** gzip -9. */
    private static final class BestGzip extends GZIPOutputStream {
        BestGzip(OutputStream out) throws IOException {
            super(out);
            def.setLevel(Deflater.BEST_COMPRESSION);
        }
    }
}
