package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.experiment.Experiment;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import java.util.List;
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
    private static final long MAP = 128 * 64 * 8 * 8 * 4;
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

    @ParameterizedTest
    @MethodSource("methods")
    void anEstimateIsNearWhatIsMeasured(String method) {
        Experiment.Method chosen = new Experiment.Method(method, Map.of());
        Experiment.Optimizer optimizer = Cohort.sgd(0.9, false, 1e-4);
        Traffic.Step step = new Traffic.Step(60, 90, 11, 24, DType.FLOAT32);

        Traffic measured = Traffic.of(chosen, optimizer, step);
        Traffic estimate = Traffic.estimate(chosen, optimizer, step);

        assertNear(estimate.prediction(), measured.prediction());
        assertNear(estimate.outcome(), measured.outcome());
        assertNear(estimate.addressed(), measured.addressed());
    }

    /** To 2 %, and some bytes for lengths that are longer numbers themselves. */
    private static void assertNear(long estimate, long measured) {
        assertThat(estimate).isCloseTo(measured, Offset.offset(measured / 50 + 100));
    }

    /** Whatever a setting may be, what it makes is read by everybody: no weight and no target that is not finite. */
    @ParameterizedTest
    @MethodSource("methods")
    void everyAllowedSettingMakesMessagesThatCanBeRead(String method) {
        List<String> extremes =
                List.of("0", "1e-300", "0.001", "0.999999", "1", "2", "16", "100", "4096", "1e6", "999999999999999999");
        for (MethodParameter parameter : MethodCatalog.get(method).parameters()) {
            if (!parameter.range().type().equals("number")) {
                continue;
            }
            for (String value :
                    extremes.stream().filter(parameter.range()::allows).toList()) {
                for (int classes : new int[] {2, 300}) {
                    Traffic traffic = Traffic.of(
                            new Experiment.Method(method, Map.of(parameter.name(), value)),
                            Cohort.sgd(0.9, false, 1e-4),
                            new Traffic.Step(4, classes, 3, 8, DType.FLOAT32));

                    assertThat(traffic.outcome())
                            .as(parameter.name() + "=" + value)
                            .isPositive();
                }
            }
        }
    }

    /** One class leaves no other to give probability to; what came of it could not be sent. */
    @Test
    void refusesWhatNobodyCouldRead() {
        assertThatThrownBy(() -> Traffic.of(
                        new Experiment.Method("label_smoothing", Map.of("form", "others")),
                        Cohort.sgd(0.9, false, 1e-4),
                        new Traffic.Step(4, 1, 3, 8, DType.FLOAT32)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("finite");
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
    void mapsGoUpAndTheirGradientsComeDown() {
        Traffic hints = of("fitnet", Map.of(), 3);
        Traffic.Step two = new Traffic.Step(16, 10, 2, 64, Ints.of(4, 3, 2), DType.FLOAT32);
        Traffic small = Traffic.of(
                new Experiment.Method("attention_transfer", Map.of("maps", "stage1,last")),
                Cohort.sgd(0.9, false, 1e-4),
                two);

        assertAbout(hints.prediction(), LOGITS);
        assertAbout(hints.maps(), MAP);
        assertAbout(hints.outcome(), 0);
        assertAbout(hints.addressed(), 0);
        assertAbout(hints.gradients(), MAP);
        assertAbout(small.prediction(), 16 * 10 * 4);
        assertAbout(small.maps(), 2 * 16 * 4 * 3 * 2 * 4);
        assertAbout(small.gradients(), 2 * 16 * 4 * 3 * 2 * 4);
        assertThatThrownBy(() -> new Traffic.Step(1, 2, 2, 1, Ints.of(4, 3), DType.FLOAT32))
                .hasMessage("map shape [4, 3]: must be [channels, height, width]");
        assertThatThrownBy(() -> new Traffic.Step(1, 2, 2, 1, Ints.of(4, 0, 3), DType.FLOAT32))
                .hasMessage("length of a feature map 0: must be at least 1");
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
                .hasMessageContaining("method.temperature: 0: must be a number from 0.001 to 1000000");
    }
}
