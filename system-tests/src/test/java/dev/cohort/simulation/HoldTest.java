package dev.cohort.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Experiment.Pace;
import dev.cohort.tensor.Digest;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** {@code on_loss: hold}: lost peers are waited for, so that losing them changes nothing but the time. */
class HoldTest {
    private static final int SEEDS = 40;

    /** The seed's scenario, but lost peers are waited for, none is lost for good, and none publishes lies. */
    private static Scenario holding(long seed) {
        Scenario drawn = Draw.scenario(seed);
        Experiment e = drawn.experiment();
        Pace pace = Draw.pace(Pace.Completion.ALL, Pace.OnLoss.HOLD, 60_000);
        Experiment held = new Experiment(
                e.run(),
                e.data(),
                e.augment(),
                e.mix(),
                e.method(),
                e.optimizer(),
                e.peers(),
                pace,
                e.elastic(),
                e.wire(),
                e.recording(),
                e.kafka(),
                e.threads());
        List<PeerPlan> peers = drawn.peers().stream()
                .filter(p -> p.named() && p.lies().isEmpty())
                .toList();
        return new Scenario(
                seed,
                held,
                drawn.data(),
                drawn.hidden(),
                peers,
                drawn.second(),
                drawn.predictionPartitions(),
                drawn.weather(),
                drawn.faults().stream().filter(f -> isTemporary(f, peers)).toList(),
                drawn.faultsEndMs());
    }

    private static boolean isTemporary(Fault fault, List<PeerPlan> peers) {
        if (fault instanceof Fault.Crash crash) {
            return isHere(crash.process(), peers);
        } else if (fault instanceof Fault.CutOff cut) {
            return isHere(cut.process(), peers);
        } else if (fault instanceof Fault.Freeze freeze) {
            return isHere(freeze.process(), peers);
        }
        return fault instanceof Fault.SecondCoordinator
                || fault instanceof Fault.SecondAugmenter
                || fault instanceof Fault.Blackout
                || (fault instanceof Fault.Twin twin && isHere(twin.peer(), peers));
    }

    private static boolean isHere(String process, List<PeerPlan> peers) {
        return peers.stream().anyMatch(p -> p.id().value().equals(process))
                || process.equals("augmenter")
                || process.matches("c[12]");
    }

    private static SortedMap<String, Digest> finalWeights(Scenario scenario) {
        Simulation simulation = new Simulation(scenario, Sabotage.NONE, false);
        simulation.run();
        SortedMap<String, Digest> weights = new TreeMap<>();
        for (PeerProcess peer : simulation.peers()) {
            weights.merge(
                    peer.id().value(),
                    peer.learner().orElseThrow().weights(),
                    (one, other) -> one.equals(other) ? one : Digest.of(ByteBuffer.allocate(0)));
        }
        return weights;
    }

    @Test
    void aHeldRunEndsAsIfNothingHadHappened() {
        int faults = 0;
        for (long seed = 1; seed <= SEEDS; seed++) {
            Scenario troubled = holding(seed);
            if (troubled.seats().size()
                    == troubled.peers().stream().filter(p -> !p.observer()).count()) {
                faults += troubled.faults().size();
                assertThat(finalWeights(troubled))
                        .as("final weights with faults and without, of %s", troubled.describe())
                        .isEqualTo(finalWeights(troubled.withFaults(List.of())));
            }
        }
        assertThat(faults).as("faults in all").isGreaterThan(SEEDS);
    }
}
