package dev.cohort.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Experiment.Mix.Mixing;
import dev.cohort.experiment.Experiment.Pace;
import dev.cohort.peer.Peer;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.PeerId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Peers that teach each other end better than peers that learn from the labels alone. The setting: three students of one hidden
 * layer of 12, 48 blob images of 16 pixels in four classes that overlap, 90 steps of 8 images. Each seed draws data, batches and
 * weights; both sides have the same.
 */
class LearningTest {
    private static final int SEEDS = 8;
    private static final int PEERS = 3;

    @ParameterizedTest
    @ValueSource(strings = {"mean_logit", "one"})
    void distilledPeersBeatPeersThatLearnFromTheLabelsAlone(String method) {
        double[] gains = new double[SEEDS];
        double alone = 0;
        double together = 0;
        for (int seed = 1; seed <= SEEDS; seed++) {
            double without = accuracy(seed, "independent");
            double with = accuracy(seed, method);
            gains[seed - 1] = with - without;
            alone += without / SEEDS;
            together += with / SEEDS;
        }
        double gain = together - alone;
        double spread = deviation(gains, gain);
        System.out.printf(
                "%s: mean test accuracy %.1f %% against %.1f %% with labels alone: %+.1f points, spread over %d seeds %.1f%n",
                method, 100 * together, 100 * alone, 100 * gain, SEEDS, 100 * spread);
        assertThat(gain)
                .as("mean gain against three times its standard error, of %s", gains)
                .isGreaterThan(3 * spread / Math.sqrt(SEEDS));
    }

    /** Mean test accuracy of the peers after the last step. */
    private static double accuracy(long seed, String method) {
        List<PeerPlan> peers = new ArrayList<>();
        for (int i = 1; i <= PEERS; i++) {
            peers.add(new PeerPlan(new PeerId("p" + i), PeerPlan.Role.NAMED, 0, 10 * seed + i, 1, Optional.empty()));
        }
        Experiment experiment = Draw.experiment(
                method,
                new Experiment.Run("learning", seed, OptionalInt.empty(), OptionalLong.of(90), 8),
                new Experiment.Augment(0, false, false),
                new Experiment.Mix(Mixing.NONE, 1, 0, 1),
                Experiment.Data.Delivery.RECIPE,
                Draw.pace(Pace.Completion.ALL, Pace.OnLoss.DROP, Scenario.DEADLINE_MS),
                2,
                peers,
                0);
        Simulation simulation = new Simulation(
                new Scenario(
                        seed,
                        experiment,
                        Blobs.drawn(seed, 48, 300, 20, 40, 0),
                        12,
                        peers,
                        Scenario.Second.NONE,
                        1,
                        Weather.CALM,
                        List.of(),
                        0),
                Sabotage.NONE,
                false);
        simulation.run();
        return simulation.peers().stream()
                .map(p -> p.peer().flatMap(Peer::left).flatMap(Left::result).orElseThrow())
                .mapToDouble(Left.Result::testAccuracy)
                .average()
                .orElseThrow();
    }

    private static double deviation(double[] values, double mean) {
        double sum = 0;
        for (double value : values) {
            sum += (value - mean) * (value - mean);
        }
        return Math.sqrt(sum / (values.length - 1));
    }
}
