package dev.cohort.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.experiment.Experiment.Elastic;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Topic;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Newcomers say what they think for a while before they become part of the teacher. */
class NewcomersTest {
    private static final int SEEDS = 60;
    private static final int SLOTS = 6;
    private static final long AFTER_STEPS = 4;
    /** Without faults there is always somebody to contribute, so nobody is let in for want of others. */
    private static final Elastic PROVING = new Elastic(1, SLOTS, 0, AFTER_STEPS, 0);

    /**
     * For each newcomer that an outcome names, how many steps before the first such outcome it had spoken of by then.
     */
    private static List<Long> spokenBefore(Sabotage sabotage) {
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
        assertThat(spokenBefore(Sabotage.NONE)).hasSizeGreaterThan(5).allMatch(steps -> steps >= AFTER_STEPS);
    }

    @Test
    void areSeenToContributeTooEarlyWhenEverybodyIsAdmitted() {
        Sabotage everybody = new Sabotage() {
            @Override
            public Elastic elastic(Elastic asked) {
                return new Elastic(asked.min(), asked.max(), asked.cooldownMs(), 0, 0);
            }
        };

        assertThat(spokenBefore(everybody)).anyMatch(steps -> steps < AFTER_STEPS);
    }
}
