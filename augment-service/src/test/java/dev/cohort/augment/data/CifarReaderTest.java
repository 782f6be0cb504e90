package dev.cohort.augment.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.cohort.protocol.ImageShape;
import dev.cohort.tensor.Ints;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class CifarReaderTest {
    @TempDir
    Path folder;

    @Test
    void turnsPlanesIntoPixels() throws Exception {
        writeCifar10(folder);

        ImageData data = DataCatalog.open(Folders.data("cifar10", folder));

        assertThat(data.shape()).isEqualTo(new ImageShape(32, 32, 3));
        ByteBuffer pixels = data.test().images().pixels();
        int at = ((1 * 32 + 5) * 32 + 7) * 3;
        assertThat(new byte[] {pixels.get(at), pixels.get(at + 1), pixels.get(at + 2)})
                .containsExactly(1, 5, 7);
    }

    @Test
    void readsAllDataBatchesInTheOrderOfTheirNumbers() throws Exception {
        writeCifar10(folder);
        Folders.write(folder.resolve("data_batch_10.bin"), Folders.cifar(1, 9));
        Folders.write(folder.resolve("data_batch_2.bin"), Folders.cifar(1, 4));

        ImageData data = DataCatalog.open(Folders.data("cifar10", folder));

        assertThat(data.train().labels()).isEqualTo(Ints.of(3, 3, 4, 9));
        assertThat(data.classNames()).hasSize(10).contains("airplane");
    }

    @Test
    void findsTheFolderOfTheUnpackedArchive() throws Exception {
        writeCifar10(folder.resolve("cifar-10-batches-bin"));

        assertThat(DataCatalog.open(Folders.data("cifar10", folder)).train().count())
                .isEqualTo(2);
    }

    @Test
    void takesTheFineLabelOfCifar100() throws Exception {
        Folders.write(folder.resolve("train.bin"), Folders.cifar(2, 19, 99));
        Folders.write(folder.resolve("test.bin"), Folders.cifar(1, 3, 42));

        ImageData data = DataCatalog.open(Folders.data("cifar100", folder));

        assertThat(data.classes()).isEqualTo(100);
        assertThat(data.train().labels()).isEqualTo(Ints.of(99, 99));
        assertThat(data.test().labels()).isEqualTo(Ints.of(42));
    }

    @Test
    void refusesATruncatedFile() throws Exception {
        writeCifar10(folder);
        Path batch = folder.resolve("data_batch_1.bin");
        Files.write(batch, Arrays.copyOf(Files.readAllBytes(batch), 6000));

        refuses("cifar10", batch + " has 6000 bytes: expected a multiple of 3073", "truncated");
    }

    @Test
    void refusesAnEmptyFile() throws Exception {
        writeCifar10(folder);
        Files.write(folder.resolve("test_batch.bin"), new byte[0]);

        refuses("cifar10", "test_batch.bin has 0 bytes");
    }

    @Test
    void refusesALabelOutOfRange() throws Exception {
        writeCifar10(folder);
        Folders.write(folder.resolve("data_batch_2.bin"), Folders.cifar(1, 10));

        refuses("cifar10", "data_batch_2.bin has label 10 in record 0: expected 0 to 9");
    }

    @Test
    void refusesAFolderOfTheOtherKind() throws Exception {
        writeCifar10(folder);

        refuses("cifar100", "no train.bin in " + folder, "data.path must be");
    }

    @Test
    void refusesAFolderWithoutTrainingImages() throws Exception {
        Folders.write(folder.resolve("test_batch.bin"), Folders.cifar(1, 0));

        refuses("cifar10", "no data_batch_1.bin in " + folder);
    }

    @Test
    void refusesNamesOfAnotherNumberOfClasses() throws Exception {
        writeCifar10(folder);
        Files.writeString(folder.resolve("batches.meta.txt"), "cat\ndog\n");

        refuses("cifar10", "batches.meta.txt names 2 classes: expected 10");
    }

    private static void writeCifar10(Path folder) throws Exception {
        Folders.write(folder.resolve("data_batch_1.bin"), Folders.cifar(2, 3));
        Folders.write(folder.resolve("test_batch.bin"), Folders.cifar(2, 7));
    }

    @Test
    void namesABatchThatIsMissingBetweenOthers() throws Exception {
        Folders.write(folder.resolve("data_batch_1.bin"), Folders.cifar(10, 1));
        Folders.write(folder.resolve("data_batch_4.bin"), Folders.cifar(10, 2));
        Folders.write(folder.resolve("test_batch.bin"), Folders.cifar(10, 2));

        assertThat(DataCatalog.open(Folders.data("cifar10", folder)).notes())
                .contains("data_batch_2.bin, data_batch_3.bin are missing, though data_batch_4.bin exists");
    }

    private void refuses(String name, String... parts) {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> DataCatalog.open(Folders.data(name, folder)))
                .withMessageContainingAll(parts);
    }
}
