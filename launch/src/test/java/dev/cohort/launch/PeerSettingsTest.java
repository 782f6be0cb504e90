package dev.cohort.launch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.augment.data.ImageData;
import dev.cohort.augment.data.ImageSet;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Settings;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.tensor.DType;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** A manifest says in numbers and names what a peer would otherwise have to read from the experiment. */
class PeerSettingsTest {
    private static final String EXPERIMENT = """
            run: {seed: 7, steps: 12, batch_size: 4}
            data: {mode: pixels}
            method: {name: one}
            optimizer: {name: sgd, learning_rate: 0.5, momentum: 0.9, nesterov: true, weight_decay: 0.01,
              schedule: {kind: step, milestones: [1, 2.5], gamma: 0.2, warmup_epochs: 0.5}}
            peers: [{id: p1, model: mlp32}, {id: p2, model: mlp32}, {id: alone, control: true}]
            elastic: {min: 2, max: 5, cooldown_ms: 700, admit: {after_steps: 3, accuracy_ratio: 0.6}}
            pace: {gone_after_ms: 1234, deadline_ms: 5000, evaluation_ms: 6000}
            wire: {logits: fp16, features: fp64}
            record: {evaluation_logits: false, checkpoint_steps: 9}
            """;

    @Test
    void saysEverySettingOfThePeers() {
        Settings settings = settings(EXPERIMENT);
        // Ten images in batches of four.
        assertThat(settings.batches()).isEqualTo(new Settings.Batches(7, 4, 3, true, 0));
        assertThat(settings.seats())
                .isEqualTo(new Settings.Seats(
                        List.of(new PeerId("p1"), new PeerId("p2")), List.of(new PeerId("alone")), 5, 2, 3, 0.6, 700));
        assertThat(settings.published())
                .isEqualTo(new Settings.Published(
                        "one", true, List.of("features"), DType.FLOAT16, DType.FLOAT64, DType.FLOAT32, false));
        assertThat(settings.optimizer())
                .isEqualTo(new Settings.Optimizer(
                        "sgd",
                        0.01,
                        0.9,
                        true,
                        0,
                        0,
                        0,
                        OptionalDouble.empty(),
                        OptionalDouble.empty(),
                        new Settings.Rate(0.5, "step", List.of(1.0, 2.5), 0.2, 0.5)));
        assertThat(settings.ownTeacher()).isEqualTo(new Settings.OwnTeacher("none", 0, 0, 0, 0));
        assertThat(settings.pace()).isEqualTo(new Settings.Pace(1234, 5000, 6000, 500, 2000, 9));
    }

    @Test
    void saysWhichTeacherAStudentHasOfItsOwn() {
        String average = EXPERIMENT.replace("{name: one}", "{name: mean_teacher, ema_decay: 0.5}");
        assertThat(settings(average).ownTeacher()).isEqualTo(new Settings.OwnTeacher("average", 0.5, 0, 0, 0));
        String stale = EXPERIMENT.replace("{name: one}", "{name: codistillation, every_steps: 4}");
        assertThat(settings(stale).ownTeacher()).isEqualTo(new Settings.OwnTeacher("stale", 0, 4, 0, 0));
        assertThat(settings(stale).published().tensors()).containsExactly("own_teacher");
    }

    @Test
    void saysThatPeersOfAMethodWithoutATeacherObserve() {
        Settings settings = settings(EXPERIMENT.replace("{name: one}", "{name: independent}"));
        assertThat(settings.published().distils()).isFalse();
        assertThat(settings.published().tensors()).isEmpty();
    }

    @Test
    void saysAnotherUpdateRule() {
        Settings.Optimizer optimizer = settings(EXPERIMENT.replace(
                        "name: sgd, learning_rate: 0.5, momentum: 0.9, nesterov: true",
                        "name: adamw, learning_rate: 0.5, clip_norm: 2, average_decay: 0.9"))
                .optimizer();
        assertThat(optimizer.rule()).isEqualTo("adamw");
        assertThat(List.of(optimizer.beta1(), optimizer.beta2(), optimizer.epsilon(), optimizer.momentum()))
                .containsExactly(0.9, 0.999, 1e-8, 0.0);
        assertThat(optimizer.clipNorm()).hasValue(2);
        assertThat(optimizer.averageDecay()).hasValue(0.9);
    }

    private static Settings settings(String yaml) {
        Problems problems = new Problems();
        Experiment experiment =
                ExperimentYaml.read(yaml, List.of(), problems).orElseThrow(() -> new AssertionError(problems.found()));
        ImageShape shape = new ImageShape(2, 2, 1);
        ImageSet train = ImageSet.of(shape, new byte[40], 0, 1, 0, 1, 0, 1, 0, 1, 0, 1);
        ImageSet test = ImageSet.of(shape, new byte[8], 0, 1);
        Manifest manifest = RunManifest.of(experiment, ImageData.of(List.of("a", "b"), train, test, 0));
        assertThat(manifest.experiment()).isEqualTo(ExperimentYaml.writeWithoutSecrets(experiment));
        return manifest.settings().orElseThrow();
    }
}
