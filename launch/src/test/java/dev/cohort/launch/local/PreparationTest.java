package dev.cohort.launch.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PreparationTest {
    @TempDir
    private Path home = Path.of("");

    @Test
    void prefersTheQuickstartOfTheFolderToThatOfTheJar() throws IOException {
        String inTheJar = Preparation.quickstart(Optional.empty());
        assertThat(inTheJar).contains("name: quickstart");
        assertThat(Preparation.quickstart(Optional.of(home))).isEqualTo(inTheJar);

        Files.writeString(Files.createDirectory(home.resolve("experiments")).resolve("quickstart.yaml"), "changed");
        assertThat(Preparation.quickstart(Optional.of(home))).isEqualTo("changed");
    }
}
