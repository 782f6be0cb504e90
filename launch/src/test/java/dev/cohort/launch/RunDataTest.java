package dev.cohort.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.cohort.augment.data.DataCatalog;
import dev.cohort.augment.data.RunData;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.protocol.Manifest;
import dev.cohort.runtime.config.ExperimentYaml;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A resumed run uses the images it began with, wherever they are now. */
class RunDataTest {
    @TempDir
    private Path temp = Path.of("");

    private Path home = temp;

    @BeforeEach
    void makeData() throws IOException {
        home = temp.resolve("home");
        pictures(home, 0x102030);
    }

    @Test
    void opensDataInAnotherPlace() throws Exception {
        Manifest begun = begun();
        Path moved = Files.move(home, temp.resolve("moved"));

        assertThat(RunData.open(begun, experiment(), Optional.of(moved)).digest())
                .isEqualTo(begun.dataDigest());
    }

    @Test
    void explainsHowToNameMissingData() throws Exception {
        Manifest begun = begun();
        Files.move(home, temp.resolve("moved"));

        assertThatIllegalArgumentException()
                .isThrownBy(() -> RunData.open(begun, experiment(), Optional.empty()))
                .withMessageContainingAll(home + " does not exist", "--data-path");
    }

    @Test
    void refusesOtherDataWithBothDigests() throws Exception {
        Manifest begun = begun();
        Path other = temp.resolve("other");
        pictures(other, 0x102031);
        String found = DataCatalog.open(
                        RunData.at(experiment(), Optional.of(other)).data())
                .digest()
                .shortHex();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> RunData.open(begun, experiment(), Optional.of(other)))
                .withMessageContainingAll(
                        "data " + other + " is not the data of this run",
                        found,
                        begun.dataDigest().shortHex(),
                        "2 training and 1 test images of 3x4x3, 2 classes");
    }

    private Manifest begun() throws Exception {
        return RunManifest.of(experiment(), DataCatalog.open(experiment().data()));
    }

    private Experiment experiment() {
        return ExperimentYaml.read("""
                        run: {steps: 3, batch_size: 2}
                        method: {name: mean_logit}
                        peers: [{id: a, model: mlp32}, {id: b, model: mlp32}]
                        """, List.of("data.name=imagefolder", "data.path=" + home), new Problems())
                .orElseThrow();
    }

    private static void pictures(Path folder, int rgb) throws IOException {
        for (String name : List.of("train/x/a.png", "train/y/a.png", "test/x/a.png")) {
            BufferedImage image = new BufferedImage(4, 3, BufferedImage.TYPE_INT_RGB);
            image.setRGB(0, 0, rgb);
            Path file = folder.resolve(name);
            Files.createDirectories(file.getParent());
            ImageIO.write(image, "png", file.toFile());
        }
    }
}
