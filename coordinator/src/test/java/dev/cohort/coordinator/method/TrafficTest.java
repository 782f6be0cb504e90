package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.experiment.Experiment;
import dev.cohort.tensor.DType;
import java.util.Map;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TrafficTest {
    /** Envelope, names and digests of a message. */
    private static final long FRAME_BYTES_MAX = 1000;

    private static final long LOGITS = 128 * 100 * 4;
    private static final long FEATURES = 128 * 64 * 4;
    private static final long GATES = 128 * 3 * 4;

    static Stream<String> methods() {
        return MethodCatalog.all().stream().map(Method::name);
    }

    private static Traffic of(String method, Map<String, String> parameters, int peers) {
        return Traffic.of(
                new Experiment.Method(method, parameters),
                Cohort.sgd(0.9, false, 1e-4),
                new Traffic.Step(128, 100, peers, 64, DType.FLOAT32));
    }

    /** At least this, and hardly more. */
    private static void assertAbout(long bytes, long tensors) {
        assertThat(bytes).isCloseTo(tensors + FRAME_BYTES_MAX / 2, Offset.offset(FRAME_BYTES_MAX / 2));
    }

    @ParameterizedTest
    @MethodSource("methods")
    void everyMethodSaysSomething(String method) {
        Traffic traffic = of(method, Map.of(), 3);

        assertThat(traffic.prediction()).isGreaterThanOrEqualTo(LOGITS);
        assertThat(traffic.outcome()).isPositive();
        assertThat(traffic.addressed()).isNotNegative();
    }

    @Test
    void nobodyPublishesWhatNobodyReads() {
        assertAbout(of("mean_logit", Map.of(), 3).prediction(), LOGITS);
        assertAbout(of("one", Map.of(), 3).prediction(), LOGITS + FEATURES);
    }

    @Test
    void aTeacherForAllCostsTheSameForAnyNumberOfPeers() {
        assertAbout(of("mean_logit", Map.of(), 2).outcome(), LOGITS);
        assertAbout(of("mean_logit", Map.of(), 8).outcome(), LOGITS);
    }

    @Test
    void whatIsForOnePeerIsNotHeardByOthers() {
        Traffic one = of("one", Map.of(), 3);

        assertAbout(one.outcome(), LOGITS + GATES);
        assertAbout(one.addressed(), FEATURES);
    }

    @Test
    void storedTeachersAndIndependenceSayNoTensor() {
        assertAbout(of("independent", Map.of(), 3).outcome(), 0);
        assertAbout(of("kd", Map.of("teacher", "/t.safetensors"), 3).outcome(), 0);
    }

    @Test
    void refusesTooFewPeersAndValuesOutOfRange() {
        assertThatThrownBy(() -> of("dml", Map.of(), 1)).hasMessageContaining("peers 1: must be at least 2");
        assertThatThrownBy(() -> of("dml", Map.of("temperature", "0"), 2))
                .hasMessageContaining("method.temperature: 0: must be a number above 0");
    }
}
