package dev.cohort.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.experiment.Experiment.Elastic;
import dev.cohort.peer.CheckpointStore;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Topic;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Newcomers publish predictions for a while before they contribute to the teacher. */
class NewcomersTest {
    private static final int SEEDS = 60;
    private static final int SLOTS = 6;
    private static final long AFTER_STEPS = 4;
    private static final int CRASHES = 4;
    private static final long CRASH_EVERY_MS = 150;
    private static final long DOWN_MS = 20;
    /** Without faults there are always contributors, so no newcomer is admitted for want of others. */
    private static final Elastic PROVING = new Elastic(1, SLOTS, 0, AFTER_STEPS, 0);

    /**
     * For each newcomer that an outcome names, how many steps it had predicted before the first such outcome.
     */
    private static List<Long> predictedBefore(Sabotage sabotage) {
        List<Long> spoken = new ArrayList<>();
        for (long seed = 1; seed <= SEEDS; seed++) {
            Simulation simulation =
                    new Simulation(Variants.of(Draw.scenario(seed), PROVING, List.of()), sabotage, false);
            simulation.run();
            for (PeerPlan plan : simulation.scenario().peers()) {
                if (!plan.named()) {
                    firstContribution(simulation, plan.id())
                            .forEach(step -> spoken.add(predicted(simulation, plan.id(), step)));
                }
            }
        }
        return spoken;
    }

    private static List<Long> firstContribution(Simulation simulation, PeerId peer) {
        return simulation.log().all(Topic.OUTCOMES, Outcome.class).stream()
                .filter(o -> o.contributors().stream().anyMatch(c -> c.peer().equals(peer)))
                .map(Outcome::step)
                .limit(1)
                .toList();
    }

    private static long predicted(Simulation simulation, PeerId peer, long before) {
        return simulation.log().all(Topic.PREDICTIONS, Prediction.class).stream()
                .filter(p -> p.peer().equals(peer) && p.step() < before)
                .map(Prediction::step)
                .distinct()
                .count();
    }

    @Test
    void contributeOnlyAfterTheyHaveProvedThemselves() {
        assertThat(predictedBefore(Sabotage.NONE)).hasSizeGreaterThan(5).allMatch(steps -> steps >= AFTER_STEPS);
    }

    @Test
    void contributeTooEarlyWithoutTheTest() {
        Sabotage untested = new Sabotage() {
            @Override
            public Elastic elastic(Elastic asked) {
                return new Elastic(asked.min(), asked.max(), asked.cooldownMs(), 0, 0);
            }
        };

        assertThat(predictedBefore(untested)).anyMatch(steps -> steps < AFTER_STEPS);
    }

    /** Newcomers that began at the head crash repeatedly. */
    private static Simulation restarting(long seed, Sabotage sabotage) {
        Scenario drawn = Draw.scenario(seed);
        List<Fault> crashes = new ArrayList<>();
        for (PeerPlan plan : drawn.peers()) {
            if (plan.role() == PeerPlan.Role.HEAD_NEWCOMER) {
                for (int i = 1; i <= CRASHES; i++) {
                    long atMs = plan.startsAtMs() + i * CRASH_EVERY_MS;
                    crashes.add(new Fault.Crash(atMs, plan.id().value(), DOWN_MS, Fault.Damage.NONE));
                }
            }
        }
        return new Simulation(Variants.of(drawn, PROVING, crashes), sabotage, false);
    }

    @Test
    void canBeTrainedAgainFromTheirPublishedStart() {
        long restored = 0;
        for (long seed = 1; seed <= SEEDS; seed++) {
            // Every simulation ends with all peers trained again.
            Simulation simulation = restarting(seed, Sabotage.NONE);
            simulation.run();
            restored += simulation.peers().stream()
                    .filter(p -> p.plan().role() == PeerPlan.Role.HEAD_NEWCOMER && p.exited())
                    .filter(p -> p.from().filter(c -> c.firstStep() > 1).isPresent())
                    .count();
        }
        assertThat(restored).isPositive();
    }

    @Test
    void areNoticedWhenACheckpointForgetsWhereTheyBegan() {
        Sabotage forgetful = new Sabotage() {
            @Override
            public CheckpointStore checkpoints(CheckpointStore disk) {
                return new Saboteurs.ForgetsWhereItBegan(disk);
            }
        };

        assertThatThrownBy(() -> {
                    for (long seed = 1; seed <= SEEDS; seed++) {
                        restarting(seed, forgetful).run();
                    }
                })
                .hasMessageStartingWith("ReplayFromAnyCheckpointGivesTheSameWeights");
    }
}
