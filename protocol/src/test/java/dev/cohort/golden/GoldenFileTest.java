package dev.cohort.golden;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@link GoldenFile}: a folder that tests nothing must not look like one that passes. */
class GoldenFileTest {
    @Test
    void refusesAFolderWithoutFiles(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("README.md"), "nothing");
        Files.createDirectory(folder.resolve("deeper.json"));

        assertThatThrownBy(() -> GoldenFile.in(folder))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("at least one *.json")
                .hasMessageContaining(folder.toString());
    }

    @Test
    void refusesAFolderThatIsNone(@TempDir Path folder) {
        assertThatThrownBy(() -> GoldenFile.in(folder.resolve("absent")))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("golden.dir");
    }

    @Test
    void goesByTheMethodInTheFileAndNotByItsName(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("a kd of mine.json"), "{\"method\": \"one\"}");
        Files.writeString(folder.resolve("index.json"), "[1, 2]");
        Files.writeString(folder.resolve("one.json"), "{\"method\": \"of tomorrow\"}");

        assertThat(GoldenFile.in(folder).stream().map(GoldenFile::method)).containsExactly("one", "", "of tomorrow");
    }

    @Test
    void comparesRelativeToTheLargestNumberOfATensor(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("x.json"), "{\"expected\": {\"z\": [[0.5], [1000]], \"small\": 0.5}}");
        GoldenFile file = GoldenFile.in(folder).get(0).within(1e-9);

        file.compare("z", 0.5 + 9e-7, 1000);

        assertThatThrownBy(() -> file.compare("z", 0.5, 1000 + 2e-6))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("x.json: z[1]");
        assertThatThrownBy(() -> file.compare("z", 0.5)).isInstanceOf(AssertionError.class);
        assertThatThrownBy(file::assertAllCompared).isInstanceOf(AssertionError.class);
        assertThatThrownBy(() -> file.compareDerived("sum", 1000 + 2e-6, 1000)).isInstanceOf(AssertionError.class);
    }
}
