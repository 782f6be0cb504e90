package dev.cohort.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.cli.launch.LaunchException;
import dev.cohort.cli.launch.LaunchPlan;
import dev.cohort.peer.checkpoint.StoredNetwork;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Normalisation;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoredTeachersTest {
    private static final ImageShape BUILT_IN = new ImageShape(28, 28, 1);

    @TempDir
    private Path folder;

    private Path stored(String model, int classes, ImageShape image) throws IOException {
        Path file = folder.resolve(model + "-" + classes + "-" + image.height() + ".safetensors");
        List<Double> half = List.of(0.5);
        new StoredNetwork(
                        new StoredNetwork.About(model, classes, image, new Normalisation(half, half)),
                        1,
                        NamedTensors.of("fc.bias", Tensor.of(DType.FLOAT32, new double[classes], classes)))
                .write(file);
        return file;
    }

    private static LaunchPlan prepare(String... settings) {
        return Preparation.prepare(
                Optional.empty(),
                Stream.concat(
                                Stream.of("method.name=" + settings[0]),
                                Arrays.stream(settings).skip(1))
                        .toList());
    }

    @ParameterizedTest
    @ValueSource(strings = {"kd", "reversed_kd", "defective_kd", "tfkd_self", "meal"})
    void hasATeacherForTheBuiltInData(String method) {
        assertThat(prepare(method).experiment().method().name()).isEqualTo(method);
    }

    @Test
    void takesAFileAndMakesItsPathWhole() throws IOException {
        Path file = stored("resnet20", 10, BUILT_IN);
        Path relative = Path.of("").toAbsolutePath().relativize(file);

        assertThat(prepare("kd", "method.teacher=" + relative)
                        .experiment()
                        .method()
                        .parameters())
                .containsEntry("teacher", file.toString());
    }

    @Test
    void refusesAFileThatIsNotThereOrBroken() throws IOException {
        Path broken = folder.resolve("broken");
        Files.writeString(broken, "no network");

        assertThatThrownBy(() -> prepare("kd", "method.teacher=/nowhere/t.safetensors"))
                .isInstanceOf(LaunchException.class)
                .hasMessage("method.teacher: /nowhere/t.safetensors: no such file");
        assertThatThrownBy(() -> prepare("kd", "method.teacher=" + broken))
                .isInstanceOf(LaunchException.class)
                .hasMessageStartingWith("method.teacher: " + broken + ": header of ");
    }

    @Test
    void refusesANetworkOfOtherDataWithEverythingThatDoesNotFit() throws IOException {
        Path file = stored("resnet9", 7, new ImageShape(32, 32, 1));

        assertThatThrownBy(() -> prepare("kd", "method.teacher=" + file, "run.batch_size=20000"))
                .isInstanceOf(LaunchException.class)
                .hasMessageContaining("run.batch_size: 20000")
                .hasMessageContaining("method.teacher: " + file + ": holds model resnet9: must be one of resnet8")
                .hasMessageContaining(file + ": tells 7 classes: must be 10 as the data has")
                .hasMessageContaining(file + ": looks at images of 32x32x1: must be 28x28x1 as the data has");
    }

    @Test
    void refusesPeersWithoutATeacherOfTheirKind() throws IOException {
        Path file = stored("resnet8", 10, BUILT_IN);

        assertThatThrownBy(() -> prepare("tfkd_self", "method.teacher=" + file))
                .isInstanceOf(LaunchException.class)
                .hasMessage(
                        "method.teacher: holds networks of [resnet8]: must also hold one of [resnet14], since each peer"
                                + " learns from its own kind; name the files, separated by commas");
        assertThat(prepare("kd", "method.teacher=" + file).experiment().method().parameters())
                .containsKey("teacher");
    }

    @Test
    void refusesTheBuiltInTeacherWithOtherData() throws IOException {
        Path images = folder.resolve("images");
        for (String split : List.of("train", "test")) {
            for (String name : List.of("a", "b")) {
                Files.createDirectories(images.resolve(split).resolve(name));
                for (int i = 0; i < 4; i++) {
                    ImageIO.write(
                            new BufferedImage(28, 28, BufferedImage.TYPE_BYTE_GRAY),
                            "png",
                            images.resolve(split)
                                    .resolve(name)
                                    .resolve(i + ".png")
                                    .toFile());
                }
            }
        }

        assertThatThrownBy(() -> prepare("kd", "data.name=imagefolder", "data.path=" + images, "run.batch_size=4"))
                .isInstanceOf(LaunchException.class)
                .hasMessageContaining("method.teacher: builtin: must be a checkpoint file")
                .hasMessageContaining("method.name=independent");
    }
}
