package dev.cohort.peer.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.distill.OwnTeacher;
import dev.cohort.peer.CheckpointStore.Checkpoint;
import dev.cohort.peer.Learner;
import dev.cohort.peer.Learner.ForwardPass;
import dev.cohort.peer.checkpoint.SafetensorsStore;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredTeacherTest {
    private static final int ROWS = 4;
    private static final Images SEEN = Samples.images(99, ROWS, Samples.SMALL);
    private static final LearnerSetting STUDENT = Samples.small(DType.FLOAT32);
    private static final LearnerSetting OTHER =
            Samples.setting("resnet14", Samples.SMALL, Samples.CLASSES, DType.FLOAT32);

    @TempDir
    private Path folder;

    /** A checkpoint of a network after one update; returns its logits for {@link #SEEN}. */
    private Tensor store(LearnerSetting setting, String name) {
        try (DjlLearner learner = ModelCatalog.create(Samples.withSeed(setting, 31))) {
            Samples.train(learner, 1, ROWS, Samples.SMALL, 0.1);
            new SafetensorsStore(folder.resolve(name), 1, setting.about().metadata())
                    .keep(new Checkpoint(1, learner.snapshot()), 0.5);
            return learner.infer(SEEN).logits();
        }
    }

    private String file(String name) {
        return folder.resolve(name).resolve("step-000000000001.safetensors").toString();
    }

    private static void train(Learner learner, int seed) {
        try (ForwardPass pass = learner.forward(Samples.images(seed, ROWS, Samples.SMALL))) {
            learner.backward(
                    pass, NamedTensors.of(TensorName.LOGITS, Samples.numbers(seed, 0.1, ROWS, Samples.CLASSES)));
            learner.update(0.05);
        }
    }

    @Test
    void theTeachersLogitsDoNotChangeWhileTheStudentLearns() {
        Tensor logits = store(OTHER, "t");
        OwnTeacher frozen = new OwnTeacher.Frozen(List.of(file("t")), OwnTeacher.Frozen.Choice.ONLY);

        try (Learner taught = ModelCatalog.create(STUDENT, frozen)) {
            for (int step = 0; step < 3; step++) {
                assertThat(taught.infer(SEEN).ownTeacher()).contains(logits);
                try (ForwardPass pass = taught.forward(SEEN)) {
                    assertThat(pass.outputs().ownTeacher()).contains(logits);
                }
                train(taught, step);
            }
        }
    }

    @Test
    void theStudentLearnsAsItWouldAloneAndStoresNothingOfTheTeacher() {
        store(OTHER, "t");
        OwnTeacher frozen = new OwnTeacher.Frozen(List.of(file("t")), OwnTeacher.Frozen.Choice.ONLY);

        try (Learner taught = ModelCatalog.create(STUDENT, frozen);
                DjlLearner alone = ModelCatalog.create(STUDENT)) {
            for (int step = 0; step < 3; step++) {
                train(taught, step);
                Samples.train(alone, step, ROWS, Samples.SMALL, 0.05);
            }

            assertThat(taught.weights()).isEqualTo(alone.weights());
            assertThat(taught.snapshot()).isEqualTo(alone.snapshot());
        }
    }

    @Test
    void learnsFromTheNetworkOfItsOwnModel() {
        store(OTHER, "other");
        Tensor logits = store(STUDENT, "same");
        OwnTeacher frozen =
                new OwnTeacher.Frozen(List.of(file("other"), file("same")), OwnTeacher.Frozen.Choice.OF_ITS_MODEL);

        try (Learner taught = ModelCatalog.create(STUDENT, frozen)) {
            assertThat(taught.infer(SEEN).ownTeacher()).contains(logits);
        }
    }

    @Test
    void learnsAtEachStepFromTheNetworkDrawnForIt() {
        List<Tensor> logits = List.of(store(OTHER, "other"), store(STUDENT, "same"));
        OwnTeacher.Frozen frozen =
                new OwnTeacher.Frozen(List.of(file("other"), file("same")), OwnTeacher.Frozen.Choice.DRAWN, 3);
        Set<Integer> drawn = new TreeSet<>();

        try (Learner taught = ModelCatalog.create(STUDENT, frozen)) {
            for (long step = 1; step <= 12; step++) {
                drawn.add(frozen.drawn(step));
                try (ForwardPass pass = taught.forward(SEEN, step)) {
                    assertThat(pass.outputs().ownTeacher()).contains(logits.get(frozen.drawn(step)));
                }
            }
            assertThat(drawn).containsExactly(0, 1);
            assertThat(taught.infer(SEEN).ownTeacher()).isEmpty();
        }
    }

    @Test
    void refusesATeacherThatDoesNotFit() {
        store(OTHER, "other");
        store(Samples.setting("resnet8", Samples.SMALL, Samples.CLASSES + 1, DType.FLOAT32), "classes");

        assertThatThrownBy(() -> ModelCatalog.create(
                        STUDENT, new OwnTeacher.Frozen(List.of(file("other")), OwnTeacher.Frozen.Choice.OF_ITS_MODEL)))
                .hasMessageContaining("model resnet8: needs a stored teacher of the same model");
        assertThatThrownBy(() -> ModelCatalog.create(
                        STUDENT, new OwnTeacher.Frozen(List.of(file("gone")), OwnTeacher.Frozen.Choice.ONLY)))
                .hasMessageContaining("gone")
                .hasMessageContaining("no such file");
        assertThatThrownBy(() -> ModelCatalog.create(
                        STUDENT, new OwnTeacher.Frozen(List.of(file("classes")), OwnTeacher.Frozen.Choice.ONLY)))
                .hasMessageContaining("must have 3 classes");
    }
}
