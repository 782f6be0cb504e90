package dev.cohort.launch.local;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.experiment.Experiment;
import dev.cohort.launch.bench.SyntheticRun;
import dev.cohort.protocol.Manifest;
import dev.cohort.runtime.config.ExperimentYaml;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ForkedRateTest {
    private static Experiment experiment(String schedule, double rate) {
        return ExperimentYaml.read("""
                run: {name: parent, seed: 1, steps: 40, batch_size: 2}
                data: {name: fashion-mnist}
                method: {name: mean_logit}
                optimizer: {name: sgd, learning_rate: %s, schedule: {kind: %s}}
                peers: [{id: p1, model: resnet8}, {id: p2, model: resnet8}]
                elastic: {min: 2, max: 2}
                """.formatted(rate, schedule));
    }

    private static Manifest steps(long steps) {
        return new SyntheticRun(new SyntheticRun.Size(steps, 2, 4, 2, "mean_logit")).manifest();
    }

    private static Optional<String> sentence(String schedule, long parent, long fork, double rate) {
        return ForkedRate.of(steps(parent), experiment(schedule, 0.1), steps(fork), experiment(schedule, rate), 40)
                .sentence();
    }

    @Test
    void notesThatACosineOfALongerRunJumps() {
        assertThat(sentence("cosine", 40, 80, 0.1))
                .hasValueSatisfying(s -> assertThat(s)
                        .startsWith(
                                "Learning rate: 0.000154 at step 40, then 0.0500 instead of 0.000154: cosine over 80"
                                        + " steps instead of cosine over 40.")
                        .contains("optimizer.learning_rate"));
    }

    @Test
    void notesAnotherRate() {
        assertThat(sentence("constant", 40, 80, 0.2)).isPresent();
    }

    @Test
    void isSilentWhereTheRateContinues() {
        assertThat(sentence("constant", 40, 80, 0.1)).isEmpty();
        assertThat(sentence("cosine", 80, 80, 0.1)).isEmpty();
    }
}
