package dev.cohort.peer.external;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.experiment.UpdateRule;
import dev.cohort.experiment.WeightUpdate;
import dev.cohort.peer.Learner;
import dev.cohort.peer.checkpoint.Safetensors;
import dev.cohort.peer.djl.DjlLearner;
import dev.cohort.peer.djl.LearnerSetting;
import dev.cohort.peer.djl.ModelCatalog;
import dev.cohort.protocol.Images;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TorchLearnerTest {
    private static final Path LEARNERS = Path.of("src/test/resources/learners").toAbsolutePath();
    private static final Path NETS = LEARNERS.resolve("nets.py");
    private static final WeightUpdate SGD = WeightUpdate.sgd(0.9, false, 0);

    @TempDir
    private Path folder;

    @BeforeEach
    void needsTorch() {
        Pythons.assumeHas("torch");
    }

    private static ExternalLearner start(String function, DType dtype, Optional<Path> weights) {
        return start(NETS, function, dtype, weights);
    }

    private static ExternalLearner start(Path file, String function, DType dtype, Optional<Path> weights) {
        return ExternalLearner.start(
                Pythons.setting(file + ":" + function, dtype, SGD, weights), Pythons.interpreter());
    }

    private static DjlLearner builtIn(DType dtype, List<String> maps) {
        LearnerSetting setting = new LearnerSetting(
                "resnet8", Pythons.IMAGE, Pythons.CLASSES, Pythons.NORMALISATION, 7, dtype, "cpu", 0, SGD);
        return ModelCatalog.create(setting.withMaps(maps));
    }

    static Stream<Arguments> networks() {
        return Stream.of(
                Arguments.of("nets.py", "resnet8", List.of(), DType.FLOAT32, 1e-5),
                Arguments.of("nets.py", "resnet8", List.of(), DType.FLOAT64, 1e-10),
                Arguments.of(
                        "mapped.py",
                        "resnet8_with_maps",
                        List.of("map/stage1", "map/stage2", "map/stage3", "map/last"),
                        DType.FLOAT64,
                        1e-10));
    }

    @ParameterizedTest
    @MethodSource("networks")
    void theSameNetworkComputesTheSameInBothProcesses(
            String source, String function, List<String> maps, DType dtype, double relative) throws IOException {
        try (DjlLearner inside = builtIn(dtype, maps)) {
            Path file = folder.resolve("weights.safetensors");
            Safetensors.write(file, new Safetensors.Contents(new TreeMap<>(), inside.snapshot()));
            try (ExternalLearner outside = start(LEARNERS.resolve(source), function, dtype, Optional.of(file))) {
                assertThat(outside.declares()).isEqualTo(inside.declares());
                assertThat(outside.weights()).isEqualTo(inside.weights());
                assertAlike(outside.infer(Pythons.images(1, 4)), inside.infer(Pythons.images(1, 4)), relative);

                Images images = Pythons.images(2, 4);
                try (Learner.ForwardPass own = inside.forward(images);
                        Learner.ForwardPass theirs = outside.forward(images, 1)) {
                    assertAlike(theirs.outputs(), own.outputs(), relative);
                    SortedMap<String, Tensor> drawn = new TreeMap<>();
                    own.outputs()
                            .tensors()
                            .asMap()
                            .forEach((name, output) -> drawn.put(
                                    name,
                                    Pythons.numbers(
                                            drawn.size(), dtype, output.shape().toArray())));
                    NamedTensors gradients = NamedTensors.of(drawn);
                    inside.backward(own, gradients);
                    outside.backward(theirs, gradients);
                }
                NamedTensors expected = inside.gradients();
                // After one update from rest the momentum is the gradient itself.
                outside.update(0);
                NamedTensors state = outside.snapshot();
                assertThat(expected.asMap()).hasSize(23);
                expected.asMap()
                        .forEach((name, gradient) -> assertAlike(
                                name, state.get("optimizer/" + name + "/momentum_buffer"), gradient, relative));
            }
        }
    }

    /** PyTorch's own optimizers on one side, ours on the other. */
    @ParameterizedTest
    @MethodSource("updates")
    void theSameUpdatesInBothProcesses(WeightUpdate update) throws IOException {
        LearnerSetting setting = new LearnerSetting(
                "resnet8", Pythons.IMAGE, Pythons.CLASSES, Pythons.NORMALISATION, 7, DType.FLOAT64, "cpu", 0, update);
        Path file = folder.resolve("weights.safetensors");
        try (DjlLearner inside = ModelCatalog.create(setting)) {
            NamedTensors initial = inside.snapshot();
            SortedMap<String, Tensor> weights = new TreeMap<>(initial.asMap());
            weights.keySet().removeIf(name -> name.contains("/") || name.equals("average.updates"));
            Safetensors.write(file, new Safetensors.Contents(new TreeMap<>(), NamedTensors.of(weights)));
            try (ExternalLearner outside = ExternalLearner.start(
                    Pythons.setting(NETS + ":resnet8", DType.FLOAT64, update, Optional.of(file)),
                    Pythons.interpreter())) {
                for (int step = 1; step <= 3; step++) {
                    NamedTensors gradients =
                            NamedTensors.of("logits", Pythons.numbers(step, DType.FLOAT64, 4, Pythons.CLASSES));
                    for (Learner learner : List.of(inside, outside)) {
                        try (Learner.ForwardPass pass = learner.forward(Pythons.images(step, 4), step)) {
                            learner.backward(pass, gradients);
                        }
                        learner.update(0.05 / step);
                    }
                }
                NamedTensors ours = inside.snapshot();
                NamedTensors theirs = outside.snapshot();
                // DJL hands the momentum of batch-norm statistics to PyTorch as a float.
                weights.keySet()
                        .forEach(name -> assertAlike(
                                name, theirs.get(name), ours.get(name), name.contains(".running_") ? 1e-6 : 1e-8));
                assertAlike(outside.infer(Pythons.images(9, 4)), inside.infer(Pythons.images(9, 4)), 1e-6);
            }
        }
    }

    static Stream<WeightUpdate> updates() {
        OptionalDouble none = OptionalDouble.empty();
        UpdateRule.AdamW adamW = new UpdateRule.AdamW(0.9, 0.99, 1e-6);
        return Stream.of(
                WeightUpdate.sgd(0.9, true, 1e-2),
                new WeightUpdate(new UpdateRule.Sgd(0.9, false), 1e-3, OptionalDouble.of(0.1), none),
                new WeightUpdate(adamW, 1e-2, none, none),
                new WeightUpdate(adamW, 1e-2, OptionalDouble.of(0.1), OptionalDouble.of(0.6)));
    }

    private static void assertAlike(Learner.Outputs actual, Learner.Outputs expected, double relative) {
        assertThat(actual.tensors().asMap().keySet())
                .isEqualTo(expected.tensors().asMap().keySet());
        expected.tensors()
                .asMap()
                .forEach((name, tensor) -> assertAlike(name, actual.tensors().get(name), tensor, relative));
    }

    /** Relative to the largest element. */
    private static void assertAlike(String name, Tensor actual, Tensor expected, double relative) {
        assertThat(actual.shape()).as(name).isEqualTo(expected.shape());
        double largest = 0;
        for (double value : expected.toDoubles()) {
            largest = Math.max(largest, Math.abs(value));
        }
        assertThat(actual.toDoubles()).as(name).containsExactly(expected.toDoubles(), within(relative * largest));
    }

    @Test
    void aStudentWithDropoutContinuesBitIdenticallyInAnotherProcess() throws IOException {
        try (ExternalLearner first = start("dropout", DType.FLOAT32, Optional.empty());
                ExternalLearner second = start("dropout", DType.FLOAT32, Optional.empty())) {
            Pythons.train(first, 1, 0.05);
            Pythons.train(first, 2, 0.05);
            NamedTensors taken = throughAFile(first.snapshot());
            Pythons.train(first, 3, 0.05);

            second.restore(taken);
            assertThat(second.snapshot()).isEqualTo(taken);
            Pythons.train(second, 3, 0.05);

            assertThat(second.snapshot()).isEqualTo(first.snapshot());
            assertThat(second.weights()).isEqualTo(first.weights());
            assertThat(first.framework()).startsWith("pytorch ");
        }
    }

    private NamedTensors throughAFile(NamedTensors snapshot) throws IOException {
        Path file = folder.resolve("checkpoint.safetensors");
        Safetensors.write(file, new Safetensors.Contents(new TreeMap<>(), snapshot));
        return Safetensors.read(file).tensors();
    }

    @Test
    void aFunctionThatRaisesIsQuotedWithItsLine() {
        assertThatThrownBy(() -> start("raises", DType.FLOAT32, Optional.empty()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("model " + NETS + ":raises: ZeroDivisionError: no layers today (" + NETS + ":");
    }
}
