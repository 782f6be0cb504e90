package dev.cohort.augment.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.cohort.protocol.ImageShape;
import dev.cohort.tensor.Ints;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class IdxReaderTest {
    @TempDir
    Path folder;

    @BeforeEach
    void makeFolder() throws IOException {
        Folders.idx(folder, 8, 4, 3);
    }

    @Test
    void readsPlainFiles() throws Exception {
        ImageData data = DataCatalog.open(Folders.data("idx", folder));

        assertThat(data.shape()).isEqualTo(new ImageShape(2, 3, 1));
        assertThat(data.classNames()).containsExactly("0", "1", "2");
        assertThat(data.train().labels()).isEqualTo(Ints.of(0, 1, 2, 0, 1, 2, 0, 1));
        assertThat(data.test().count()).isEqualTo(4);
        assertThat(data.train().images().pixels().get(47)).isEqualTo((byte) 47);
    }

    @Test
    void readsPackedFiles() throws Exception {
        ImageData plain = DataCatalog.open(Folders.data("idx", folder));
        for (Path file : Folder.list(folder)) {
            Folders.write(folder.resolve(Folder.name(file) + ".gz"), Folders.gzip(Files.readAllBytes(file)));
            Files.delete(file);
        }

        assertThat(DataCatalog.open(Folders.data("idx", folder)).digest()).isEqualTo(plain.digest());
    }

    @Test
    void takesClassNamesFromTheFolder() throws Exception {
        Files.writeString(folder.resolve("class-names.txt"), "cat\ndog\nbird\n");

        assertThat(DataCatalog.open(Folders.data("idx", folder)).classNames()).containsExactly("cat", "dog", "bird");
    }

    @Test
    void fashionMnistWithAPathReadsThatFolder() throws Exception {
        ImageData data = DataCatalog.open(Folders.data("fashion-mnist", folder));

        assertThat(data.train().count()).isEqualTo(8);
        assertThat(data.classNames()).isEqualTo(BuiltInFashionMnist.CLASS_NAMES);
    }

    @Test
    void refusesAMissingFolder() {
        refuses(folder.resolve("nowhere"), "nowhere does not exist", "data.path must be", "train-images-idx3-ubyte");
    }

    @Test
    void refusesAMissingFile() throws Exception {
        Files.delete(folder.resolve("t10k-labels-idx1-ubyte"));

        refuses(folder, "no t10k-labels-idx1-ubyte.gz or t10k-labels-idx1-ubyte in " + folder);
    }

    @Test
    void refusesATruncatedFile() throws Exception {
        cut("train-images-idx3-ubyte", 50);

        refuses(folder, folder + "/train-images-idx3-ubyte ends after 34 of 48 bytes", "truncated");
    }

    @Test
    void refusesAFileThatEndsInItsHeader() throws Exception {
        cut("train-images-idx3-ubyte", 9);

        refuses(folder, "train-images-idx3-ubyte ends early", "truncated");
    }

    @Test
    void refusesATruncatedPackedFile() throws Exception {
        byte[] packed = Folders.gzip(Folders.idxImages(8, 2, 3));
        Folders.write(folder.resolve("train-images-idx3-ubyte.gz"), Arrays.copyOf(packed, packed.length - 12));

        refuses(folder, "train-images-idx3-ubyte.gz ends early", "truncated");
    }

    @Test
    void refusesAPackedFileThatIsNotPacked() throws Exception {
        Folders.write(folder.resolve("train-images-idx3-ubyte.gz"), Folders.idxImages(8, 2, 3));

        refuses(folder, "train-images-idx3-ubyte.gz is not a valid gzip file");
    }

    @Test
    void refusesAWrongMagicNumber() throws Exception {
        Folders.write(folder.resolve("train-images-idx3-ubyte"), Folders.idxLabels(40, 3));

        refuses(folder, "train-images-idx3-ubyte starts with 0x00000801: expected 0x00000803");
    }

    @Test
    void refusesAnImpossibleSize() throws Exception {
        ByteBuffer huge = ByteBuffer.allocate(16);
        huge.putInt(0x803).putInt(Integer.MAX_VALUE).putInt(Integer.MAX_VALUE).putInt(Integer.MAX_VALUE);
        Folders.write(folder.resolve("train-images-idx3-ubyte"), huge.array());

        refuses(folder, "train-images-idx3-ubyte declares the size", "at most 2 GiB");
    }

    @Test
    void refusesSidesAboveTheLimit() throws Exception {
        Folders.write(folder.resolve("train-images-idx3-ubyte"), Folders.idxImages(8, 1, 5_000));

        refuses(folder, "train-images-idx3-ubyte has images of 1x5000 pixels: a side must have 1 to 4096");
    }

    @Test
    void refusesBytesBeyondTheDeclaredSize() throws Exception {
        byte[] whole = Folders.idxImages(8, 2, 3);
        Folders.write(folder.resolve("train-images-idx3-ubyte"), Arrays.copyOf(whole, whole.length + 1));

        refuses(folder, "train-images-idx3-ubyte continues after the 48 bytes");
    }

    @Test
    void refusesALabelOutOfRange() throws Exception {
        Files.writeString(folder.resolve("class-names.txt"), "cat\ndog\n");

        refuses(folder, "train-labels-idx1-ubyte: label 2 of image 2: expected 0 to 1");
    }

    @Test
    void refusesUnequalNumbersOfImagesAndLabels() throws Exception {
        Folders.write(folder.resolve("train-labels-idx1-ubyte"), Folders.idxLabels(7, 3));

        refuses(folder, "train-images-idx3-ubyte has 8 images, train-labels-idx1-ubyte 7 labels");
    }

    @Test
    void refusesTestImagesOfAnotherSize() throws Exception {
        Folders.write(folder.resolve("t10k-images-idx3-ubyte"), Folders.idxImages(4, 3, 3));

        refuses(folder, "images of 2x3", "of 3x3");
    }

    private void cut(String file, int bytes) throws IOException {
        Path path = folder.resolve(file);
        Files.write(path, Arrays.copyOf(Files.readAllBytes(path), bytes));
    }

    @Test
    void notesThatLabelsSeemToCountFromOne() throws Exception {
        byte[] labels = Folders.idxLabels(6, 3);
        for (int i = 8; i < labels.length; i++) {
            labels[i]++;
        }
        Folders.idx(folder, 6, 6, 3);
        Folders.write(folder.resolve("train-labels-idx1-ubyte"), labels);
        Folders.write(folder.resolve("t10k-labels-idx1-ubyte"), labels);

        assertThat(DataCatalog.open(Folders.data("idx", folder)).notes())
                .containsExactly(
                        "1 of 4 classes has no training image: 0; labels count from 0, and these may count from 1",
                        "1 of 4 classes has no test image: 0; labels count from 0, and these may count from 1");
    }

    @Test
    void refusesACompressedFileNamedLikeAPlainOne() throws Exception {
        Folders.idx(folder, 6, 6, 3);
        Path file = folder.resolve("t10k-labels-idx1-ubyte");
        Files.write(file, Folders.gzip(Files.readAllBytes(file)));

        refuses(folder, file + " is compressed with gzip", ".gz");
    }

    @Test
    void refusesTooLargeDataBeforeItIsRead() throws Exception {
        Folders.idx(folder, 6, 6, 3);
        Path images = folder.resolve("train-images-idx3-ubyte");
        Files.write(
                images,
                ByteBuffer.allocate(16)
                        .putInt(0x803)
                        .putInt(1_000_000)
                        .putInt(28)
                        .putInt(28)
                        .array());

        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> IdxReader.read(folder, Optional.empty(), new Room(256 << 20)))
                .withMessageContainingAll(images.toString(), "takes 1512 MiB", "256 MiB", "-Xmx1890m");
    }

    private static void refuses(Path path, String... parts) {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> DataCatalog.open(Folders.data("idx", path)))
                .withMessageContainingAll(parts)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
    }
}
