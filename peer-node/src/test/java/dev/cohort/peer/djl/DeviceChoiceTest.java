package dev.cohort.peer.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.tensor.DType;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceChoiceTest {
    @ParameterizedTest
    @ValueSource(strings = {"auto", "cpu", "cuda:0", "cuda:11"})
    void readsWhatItWrites(String text) {
        assertThat(DeviceChoice.parse(text)).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "gpu", "cuda", "cuda:", "cuda:-1", "cuda:x", "cuda:01", "CPU", "cuda:99999999999"})
    void anythingElseIsRefused(String text) {
        assertThatThrownBy(() -> DeviceChoice.parse(text))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("device '" + text + "': must be auto, cpu or cuda:N, for example cuda:0");
    }

    @Test
    void autoSpreadsPeersOverTheGpus() {
        assertThat(IntStream.range(0, 5)
                        .mapToObj(peer -> DeviceChoice.parse("auto").on(2, peer).toString()))
                .containsExactly("cuda:0", "cuda:1", "cuda:0", "cuda:1", "cuda:0");
        assertThat(DeviceChoice.parse("auto").on(0, 3)).hasToString("cpu");
        assertThat(DeviceChoice.parse("cpu").on(2, 3)).hasToString("cpu");
        assertThat(DeviceChoice.parse("cuda:1").on(2, 0)).hasToString("cuda:1");
    }

    @Test
    void aMissingGpuIsAnErrorWithTheFixAndNeverTheCpu() {
        assertThatThrownBy(() -> DeviceChoice.parse("cuda:0").on(0, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("device cuda:0", "no CUDA device", "COHORT_TORCH", "docs/gpu.md", "cpu");
        assertThatThrownBy(() -> DeviceChoice.parse("cuda:2").on(2, 0))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("device cuda:2", "2 CUDA device(s)", "cuda:1");
    }

    @Test
    void aLearnerReportsItsDevice() {
        try (DjlLearner learner = ModelCatalog.create(Samples.small(DType.FLOAT32))) {
            assertThat(learner.device()).isEqualTo("cpu");
        }
    }
}
