package dev.cohort.launch.local;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.experiment.Problems;
import dev.cohort.launch.LaunchPlan;
import dev.cohort.peer.checkpoint.StoredNetwork;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Normalisation;
import dev.cohort.runtime.CommandException;
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
    void hasATeacherForAnyDataAndForTheBuiltInDataAtOnce(String method) {
        assertThat(prepare(method).experiment().method().parameters()).doesNotContainKey("teacher");
        assertThat(prepare(method, "method.teacher=builtin")
                        .experiment()
                        .method()
                        .parameters())
                .containsEntry("teacher", "builtin");
    }

    @Test
    void makesThePathOfAFileAbsolute() throws IOException {
        Path file = stored("resnet20", 10, BUILT_IN);
        Path relative = Path.of("").toAbsolutePath().relativize(file);

        assertThat(prepare("kd", "method.teacher=" + relative)
                        .experiment()
                        .method()
                        .parameters())
                .containsEntry("teacher", file.toString());
    }

    @Test
    void resolvesARunToTheNewestCheckpointsOfItsBestPeerOrOfAllPeers() throws IOException {
        Path run = folder.resolve("a-run");
        for (String peer : List.of("p1", "p2", "control")) {
            Path checkpoints =
                    Files.createDirectories(run.resolve("checkpoints").resolve(peer));
            Path file = stored(peer.equals("p2") ? "resnet14" : "resnet8", 10, BUILT_IN);
            Files.copy(file, checkpoints.resolve("step-9.safetensors"));
            Files.move(file, checkpoints.resolve("step-10.safetensors"));
        }
        Files.writeString(
                run.resolve("result.json"),
                "{\"peers\": [{\"id\": \"p1\", \"test_accuracy\": 0.5}, {\"id\": \"p2\", \"test_accuracy\": 0.6}]}");
        String first = run.resolve("checkpoints/p1/step-10.safetensors").toString();
        String second = run.resolve("checkpoints/p2/step-10.safetensors").toString();

        assertThat(teacher("kd", run)).isEqualTo(second);
        assertThat(teacher("tfkd_self", run)).isEqualTo(first + "," + second);
        assertThat(teacher("kd", run.resolve("checkpoints/p1"))).isEqualTo(first);
        assertThatThrownBy(() -> teacher("kd", folder)).hasMessageContaining(folder + ": is a folder: must be a");
    }

    private static String teacher(String method, Path place) {
        return String.valueOf(prepare(method, "method.teacher=" + place)
                .experiment()
                .method()
                .parameters()
                .get("teacher"));
    }

    @Test
    void refusesToWithholdFeaturesFromAMethodThatReadsThem() {
        assertThatThrownBy(() -> prepare("one", "record.features=never"))
                .hasMessage("record.features: never: must be needed or always, since method one reads the features of"
                        + " every peer");
        assertThat(prepare("adaptive", "method.features=false", "record.features=never")
                        .experiment()
                        .method()
                        .parameters())
                .containsEntry("features", "false");
    }

    @Test
    void holdsOutATenthByDefaultForAMethodThatReadsHeldOutImages() {
        LaunchPlan tenth = prepare("kdcl_general");
        LaunchPlan fifth = prepare("kdcl_general", "data.validation=0.2");

        assertThat(tenth.experiment().data().validation()).hasValue(0.1);
        assertThat(tenth.manifest().validationLabels().size()).isEqualTo(1_000);
        assertThat(tenth.manifest().trainImages()).isEqualTo(9_000);
        assertThat(fifth.manifest().validationLabels().size()).isEqualTo(2_000);
        assertThat(prepare("mean_logit").experiment().data().validation()).hasValue(0);
        assertThat(prepare("mean_logit").manifest().validationLabels().size()).isZero();
    }

    @Test
    void refusesAMethodThatReadsHeldOutImagesWhereThereAreNoneOrPeersLackThem() {
        assertThatThrownBy(
                        () -> prepare("kdcl_general", "data.validation=0", "data.mode=pixels", "run.batch_size=20000"))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("3 problems with the experiment")
                .hasMessageContaining("run.batch_size: 20000: must be at most 10000")
                .hasMessageContaining("data.mode: pixels: must be recipe, since method kdcl_general reads predictions"
                        + " of held-out images, whose pixels are not sent")
                .hasMessageContaining("data.validation: 0.0: must be enough to hold out an image, since method"
                        + " kdcl_general reads predictions of held-out images (default 0.1)");
        assertThatThrownBy(() -> prepare("kdcl_general", "data.validation=0.0001"))
                .hasMessageStartingWith("data.validation: 1.0E-4: must be enough to hold out an image");
    }

    @Test
    void refusesToHoldOutMoreThanFitsIntoAMessage() {
        Problems problems = new Problems();

        StoredTeachers.checkHeldOut(1_000, 128, 4, 8_500, 0.1, "since", problems);
        StoredTeachers.checkHeldOut(1_000, 128, 4, 8_000, 0.1, "since", problems);

        assertThat(problems.found())
                .containsExactly("data.validation: 0.1: must be small enough to hold out at most 8244 images instead of"
                        + " 8500, since, all in one message");
    }

    @Test
    void refusesToTrainUnsuitableTeachers() {
        assertThatThrownBy(() -> prepare("kd", "method.teacher_model=resnet9", "method.teacher_steps=0"))
                .hasMessageContaining("method.teacher_steps: 0: must be auto or a whole number of at least 1");
        assertThatThrownBy(() -> prepare("kd", "method.teacher_model=resnet9"))
                .hasMessageStartingWith("method.teacher_model: resnet9: must be one of resnet8");
        assertThatThrownBy(() -> prepare("tfkd_self", "method.teacher_model=resnet8"))
                .hasMessageStartingWith(
                        "method.teacher_model: has networks of [resnet8]: must also have one of [resnet14]");
    }

    @Test
    void refusesAMissingOrBrokenFile() throws IOException {
        Path broken = folder.resolve("broken");
        Files.writeString(broken, "no network");

        assertThatThrownBy(() -> prepare("kd", "method.teacher=/nowhere/t.safetensors"))
                .isInstanceOf(CommandException.class)
                .hasMessage("method.teacher: /nowhere/t.safetensors: no such file");
        assertThatThrownBy(() -> prepare("kd", "method.teacher=" + broken))
                .isInstanceOf(CommandException.class)
                .hasMessageStartingWith("method.teacher: " + broken + ": header of ");
    }

    @Test
    void refusesANetworkOfOtherDataWithEverythingThatDoesNotFit() throws IOException {
        Path file = stored("resnet9", 7, new ImageShape(32, 32, 1));

        assertThatThrownBy(() -> prepare("kd", "method.teacher=" + file, "run.batch_size=20000"))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("run.batch_size: 20000")
                .hasMessageContaining("method.teacher: " + file + ": holds model resnet9: must be one of resnet8")
                .hasMessageContaining(file + ": has 7 classes: must have 10 like the data")
                .hasMessageContaining(file + ": expects images of 32x32x1: must be 28x28x1 like the data");
    }

    @Test
    void refusesPeersWithoutATeacherOfTheirModel() throws IOException {
        Path file = stored("resnet8", 10, BUILT_IN);

        assertThatThrownBy(() -> prepare("tfkd_self", "method.teacher=" + file))
                .isInstanceOf(CommandException.class)
                .hasMessage(
                        "method.teacher: has networks of [resnet8]: must also have one of [resnet14], since each peer"
                                + " learns from a network of its own model; separate them by commas");
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

        String[] otherData = {"kd", "data.name=imagefolder", "data.path=" + images, "run.batch_size=4"};
        assertThat(prepare(otherData).experiment().method().parameters()).isEmpty();
        assertThatThrownBy(() -> prepare(Stream.concat(Arrays.stream(otherData), Stream.of("method.teacher=builtin"))
                        .toArray(String[]::new)))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("method.teacher: builtin: must be a checkpoint file")
                .hasMessageContaining("leave it out");
    }

    @Test
    void aRunIsFoundByItsIdInTheFolderOfTheRuns() throws IOException {
        Path checkpoints = Files.createDirectories(folder.resolve("elsewhere/a-run/checkpoints/p1"));
        Files.writeString(
                folder.resolve("elsewhere/a-run/result.json"),
                "{\"peers\": [{\"id\": \"p1\", \"test_accuracy\": 0.9}]}");
        Path file = Files.move(stored("resnet8", 10, BUILT_IN), checkpoints.resolve("step-000000000004.safetensors"));
        LaunchPlan plan = Preparation.prepare(
                Optional.empty(), List.of("method.name=kd", "method.teacher=a-run"), folder.resolve("elsewhere"));
        assertThat(dev.cohort.coordinator.method.StoredTeacher.named(
                        plan.experiment().method()))
                .containsExactly(file.toString());
    }
}
