package dev.cohort.augment.data;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.tensor.Ints;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FashionMnistSubsetTest {
    @TempDir
    Path folder;

    @Test
    void writesEvenlySpacedImagesOfEachClassAsReadableFiles() throws Exception {
        Path whole = Files.createDirectory(folder.resolve("whole"));
        Path subset = Files.createDirectory(folder.resolve("subset"));
        Folders.idx(whole, 40, 20, 10);

        FashionMnistSubset.make(whole, subset, 2, 1);

        ImageData data = DataCatalog.open(Folders.data("fashion-mnist", subset));
        assertThat(data.train().labels().stream().sorted())
                .containsExactly(0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9);
        assertThat(data.test().labels()).isEqualTo(Ints.of(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
        // Of class 0 the images 10 and 30 of 0, 10, 20, 30; an image has 6 consecutive bytes.
        ByteBuffer pixels = data.train().images().pixels();
        assertThat(pixels.get(0)).isEqualTo((byte) 60);
        assertThat(pixels.get(10 * 6)).isEqualTo((byte) 180);
    }
}
