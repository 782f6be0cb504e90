package dev.cohort.launch.limits;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.augment.data.ImageData;
import dev.cohort.augment.data.ImageSet;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.launch.RunManifest;
import dev.cohort.protocol.ImageShape;
import dev.cohort.runtime.config.ExperimentYaml;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class KeptMapsTest {
    /** Maps [64, 8, 8] of 64 images are 1 MiB, and p1 and p2 have partitions of their own. */
    private static Optional<String> note(String... settings) {
        Problems problems = new Problems();
        Experiment experiment =
                ExperimentYaml.read("""
                run: {steps: 1000, batch_size: 64}
                method: {name: fitnet}
                peers: [{id: p1, model: resnet8}, {id: p2, model: resnet8}]
                elastic: {max: 8}
                """, List.of(settings), problems).orElseThrow();
        assertThat(problems.found()).isEmpty();
        ImageShape shape = new ImageShape(32, 32, 3);
        ImageSet set = ImageSet.of(shape, new byte[64 * shape.size()], new int[64]);
        return KeptMaps.note(experiment, RunManifest.of(experiment, ImageData.of(List.of("x", "y"), set, set, 0)));
    }

    @Test
    void isSilentWhereTwoIntervalsFitAndWithoutMaps() {
        assertThat(note()).isEmpty();
        assertThat(note("wire.maps_kept_mebibytes=16", "run.steps=16")).isEmpty();
        assertThat(note("wire.maps_kept_mebibytes=16", "record.checkpoint_steps=8", "record.snapshot_steps=8"))
                .isEmpty();
        assertThat(note("wire.maps_kept_mebibytes=16", "method.name=dml")).isEmpty();
    }

    @Test
    void saysWhatIsNeeded() {
        assertThat(note("wire.maps_kept_mebibytes=100"))
                .contains(
                        "the log keeps the feature maps of about 100 steps, and a process that starts again may need those"
                                + " of 400: set wire.maps_kept_mebibytes to 401, or record.checkpoint_steps and"
                                + " record.snapshot_steps to 50");
        assertThat(note("wire.maps_kept_mebibytes=100", "wire.maps=fp16").orElseThrow())
                .contains("about 200 steps", "to 201,");
        assertThat(note("record.snapshot_steps=0").orElse("")).isEmpty();
        assertThat(note("record.snapshot_steps=0", "wire.maps_kept_mebibytes=500")
                        .orElseThrow())
                .contains("need those of 1000");
    }
}
