package dev.cohort.peer.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.peer.CheckpointStore.Checkpoint;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Normalisation;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StoredNetworkTest {
    private static final StoredNetwork.About ABOUT = new StoredNetwork.About(
            "resnet8", 10, new ImageShape(28, 24, 1), new Normalisation(List.of(0.286), List.of(1.0 / 3)));

    @TempDir
    private Path folder;

    private static Tensor numbers(double... values) {
        return Tensor.of(DType.FLOAT32, values, values.length);
    }

    private Path saved(SortedMap<String, String> about) {
        NamedTensors learner = NamedTensors.of("fc.bias", numbers(1, 2))
                .with("momentum/fc.bias", numbers(3, 4))
                .with("own_teacher/fc.bias", numbers(5, 6))
                .with("own_teacher.updates", numbers(9))
                .with("copy/1/fc.bias", numbers(7, 8));
        new SafetensorsStore(folder, 3, about).keep(new Checkpoint(9, learner), 0.5);
        return folder.resolve("step-000000000009.safetensors");
    }

    @Test
    void isTheNetworkOfACheckpointWithoutTrainingState() throws IOException {
        StoredNetwork network =
                StoredNetwork.read(saved(new TreeMap<>(ABOUT.metadata())).toString());

        assertThat(network.about()).isEqualTo(ABOUT);
        assertThat(network.step()).isEqualTo(9);
        assertThat(network.weights()).isEqualTo(NamedTensors.of("fc.bias", numbers(1, 2)));
    }

    @Test
    void isReadBackFromItsOwnFile() throws IOException {
        StoredNetwork network =
                StoredNetwork.read(saved(new TreeMap<>(ABOUT.metadata())).toString());
        Path file = folder.resolve("teacher.safetensors");

        network.write(file);

        assertThat(StoredNetwork.read(file.toString())).isEqualTo(network);
    }

    @Test
    void refusesAFileThatDoesNotDescribeItsNetwork() {
        Path file = saved(new TreeMap<>());

        assertThatThrownBy(() -> StoredNetwork.read(file.toString()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("metadata without model");
    }

    @Test
    void refusesAFileWithAFlippedByte() throws IOException {
        Path file = saved(new TreeMap<>(ABOUT.metadata()));
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);

        assertThatThrownBy(() -> StoredNetwork.read(file.toString()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("checksum");
    }

    @Test
    void refusesFoldersAndMissingFiles() {
        assertThatThrownBy(() -> StoredNetwork.read(folder.resolve("gone").toString()))
                .isInstanceOf(IOException.class)
                .hasMessage("no such file");
        assertThatThrownBy(() -> StoredNetwork.read(folder.toString()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("is a folder");
    }

    @ParameterizedTest
    @ValueSource(strings = {"resnet8", "resnet14", "resnet8-defective"})
    void comesWithNetworksOfTheBuiltInData(String name) throws IOException {
        StoredNetwork network = StoredNetwork.read("builtin:" + name);

        assertThat(name).startsWith(network.about().model());
        assertThat(network.about().classes()).isEqualTo(10);
        assertThat(network.about().image()).isEqualTo(new ImageShape(28, 28, 1));
        assertThat(network.step()).isPositive();
        assertThat(network.weights().asMap().keySet()).noneMatch(tensor -> tensor.startsWith("momentum/"));
    }

    @Test
    void hasNoOtherNetworksBuiltIn() {
        assertThatThrownBy(() -> StoredNetwork.read("builtin:resnet9"))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("builtin/resnet9.safetensors is missing");
    }
}
