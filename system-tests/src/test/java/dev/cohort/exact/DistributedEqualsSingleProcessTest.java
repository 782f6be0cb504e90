package dev.cohort.exact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.exact.Tampering.Sabotage;
import dev.cohort.exact.WholeLoss.Formulation;
import dev.cohort.peer.Peer;
import dev.cohort.protocol.Node;
import dev.cohort.tensor.DType;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Students that teach each other through messages and Kafka, beside one process that builds the whole loss as a single graph.
 */
class DistributedEqualsSingleProcessTest {
    private static final int STEPS = 20;
    private static final double FLOAT64_RELATIVE_MAX = 1e-9;
    private static final double FLOAT32_RELATIVE_MAX = 1e-4;
    private static final double DRIFTS_MAX = 10;

    @TempDir
    private static Path folder;

    private static final AtomicInteger RUNS = new AtomicInteger();

    private static Broker broker;

    @BeforeAll
    static void startBroker() throws IOException {
        broker = Broker.start(folder);
    }

    @AfterAll
    static void endBroker() {
        broker.close();
    }

    @ParameterizedTest
    @CsvSource({
        "dml, 2, 0",
        "dml, 3, 0",
        "one, 2, 4",
        "one, 3, 4",
        "ffl, 2, 12",
        "ffl, 3, 16",
        "adaptive, 2, 16",
        "adaptive, 3, 30",
        "fitnet, 3, 24",
        "attention_transfer, 3, 0",
        "nst, 3, 0",
        "nst-mmd, 3, 0",
        "pairs, 3, 0",
        "online_ensemble_compression, 3, 12"
    })
    void inFloat64GradientsAndTrajectoryAreThoseOfOneProcess(
            String method, int peers, int trainedByTeacher, TestReporter reporter) {
        Comparison comparison = compare(method, peers, DType.FLOAT64, STEPS, peer -> peer);
        assertThat(comparison.trainedByTeacher()).hasSize(trainedByTeacher);

        List<Difference> gradients = comparison.gradients();
        List<SingleProcess.Parts> single = comparison.trajectory(Formulation.PRINTED);
        List<Difference> drift = Comparison.drift(comparison.trajectory(), single);
        List<Difference> yardstick = Comparison.drift(comparison.trajectory(Formulation.REARRANGED), single);

        publish(reporter, "gradients", gradients);
        publish(reporter, "drift", drift);
        publish(reporter, "yardstick", yardstick);
        assertThat(gradients).hasSize(STEPS);
        requireAgreement(gradients, FLOAT64_RELATIVE_MAX);
        requireDriftWithin(drift, yardstick);
    }

    @ParameterizedTest
    @CsvSource({"dml, 2", "dml, 3", "one, 2", "one, 3", "ffl, 3", "adaptive, 3"})
    void inFloat32GradientsAreThoseOfOneProcess(String method, int peers, TestReporter reporter) {
        Comparison comparison = compare(method, peers, DType.FLOAT32, STEPS, peer -> peer);

        List<Difference> gradients = comparison.gradients();

        publish(reporter, "gradients", gradients);
        assertThat(gradients).hasSize(STEPS);
        requireAgreement(gradients, FLOAT32_RELATIVE_MAX);
    }

    @ParameterizedTest
    @CsvSource({
        "one, GRADIENT_OF_THE_LOGITS",
        "one, GRADIENT_OF_THE_FEATURES",
        "one, ALL_LEAF_GRADIENTS",
        "dml, OWN_VOTE_STAYS_IN",
        "ffl, ALL_LEAF_GRADIENTS",
        "adaptive, ALL_LEAF_GRADIENTS",
        "online_ensemble_compression, ALL_LEAF_GRADIENTS"
    })
    void noticesAPeerThatForgetsPartOfItsObjective(String method, Sabotage sabotage, TestReporter reporter) {
        Comparison comparison = compare(method, 2, DType.FLOAT64, 3, peer -> new Tampering(peer, sabotage));

        List<Difference> gradients = comparison.gradients();

        publish(reporter, sabotage.name(), gradients);
        assertThat(gradients)
                .hasSize(3)
                .allSatisfy(step -> assertThatThrownBy(() -> requireAgreement(List.of(step), FLOAT32_RELATIVE_MAX))
                        .isInstanceOf(AssertionError.class));
    }

    private static Comparison compare(String method, int peers, DType dtype, int steps, Function<Peer, Node> seenAs) {
        Setup setup = Setup.of(method, peers, dtype, steps);
        String runId = method + "-" + RUNS.incrementAndGet();
        return new Comparison(setup, DistributedRun.record(broker.address(), runId, setup, seenAs));
    }

    private static void requireAgreement(List<Difference> gradients, double relativeMax) {
        assertThat(gradients)
                .allSatisfy(
                        step -> assertThat(step.relative()).as(step.tensor()).isLessThanOrEqualTo(relativeMax));
    }

    private static void requireDriftWithin(List<Difference> drift, List<Difference> yardstick) {
        double rounding = 0;
        for (int step = 0; step < drift.size(); step++) {
            rounding = Math.max(rounding, yardstick.get(step).relative());
            assertThat(drift.get(step).relative())
                    .as("step %d, %s", step + 1, drift.get(step).tensor())
                    .isLessThanOrEqualTo(DRIFTS_MAX * rounding);
        }
    }

    private static void publish(TestReporter reporter, String what, List<Difference> differences) {
        reporter.publishEntry(
                what,
                differences.stream().reduce(Difference.NONE, Difference::or).toString());
    }
}
