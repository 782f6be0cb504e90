package dev.cohort.launch.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.experiment.Problems;
import dev.cohort.protocol.ImageShape;
import dev.cohort.runtime.config.ExperimentYaml;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WithoutEffectTest {
    @Test
    void notesNoDefaults() {
        assertThat(notes("run.steps=3")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            mix.alpha=0.2 | mix.alpha=0.2 has no effect, since mix.kind is none
            mix.probability=1 | mix.probability=1.0 has no effect, since mix.kind is none
            mix.n=3 | mix.n=3 has no effect, since mix.kind is not cutmix_multi
            optimizer.schedule.milestones=[1] | optimizer.schedule.milestones=[1.0] has no effect, since optimizer.schedule.kind is not step
            optimizer.schedule.gamma=0.5 | optimizer.schedule.gamma=0.5 has no effect, since optimizer.schedule.kind is not step
            pace.quorum=1 | pace.quorum=1 has no effect, since pace.completion is all
            elastic.on_lag=exclude | \
                elastic.on_lag=exclude has no effect, since elastic.lag_max_steps is 0, so a contributor may lag without limit
            elastic.min=5 | elastic.min is 5 and the experiment names 2 contributors: the run waits until others join
            wire.features=fp16 | wire.features=fp16 has no effect, since method mean_logit reads no features
            data.validation=0.1 | \
                data.validation=0.1 holds out images without use, since method mean_logit does not read predictions of them
            """)
    void namesWhatAnotherSettingMakesIdle(String setting, String note) {
        assertThat(notes(setting)).containsExactly(note);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            mix.kind=mixup | mix.alpha=0.2
            mix.kind=cutmix_multi | mix.n=3
            pace.completion=quorum | pace.quorum=1
            elastic.lag_max_steps=10 | elastic.on_lag=exclude
            method.name=one | wire.features=fp16
            method.name=kdcl_general | data.validation=0.1
            """)
    void notesNoSettingThatTheOtherOneUses(String other, String setting) {
        assertThat(notes(other, setting)).isEmpty();
    }

    @Test
    void notesThatACropMayMissItsImage() {
        assertThat(notes(new ImageShape(1, 500, 1), "augment.crop_padding=1"))
                .containsExactly("augment.crop_padding=1 is not below the shorter side of an image, 1: some crops show"
                        + " nothing of the image");
    }

    private static List<String> notes(String... settings) {
        return notes(new ImageShape(28, 28, 1), settings);
    }

    private static List<String> notes(ImageShape image, String... settings) {
        Problems problems = new Problems();
        List<String> notes = WithoutEffect.notes(
                ExperimentYaml.read("""
                        run: {steps: 3}
                        method: {name: mean_logit}
                        peers: [{id: a, model: mlp32}, {id: b, model: mlp32}]
                        """, List.of(settings), problems).orElseThrow(), image);
        assertThat(problems.found()).isEmpty();
        return notes;
    }
}
