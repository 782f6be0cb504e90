package dev.cohort.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Experiment.Elastic;
import dev.cohort.experiment.Experiment.Mix.Mixing;
import dev.cohort.experiment.Experiment.Pace;
import dev.cohort.protocol.PeerId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** A peer that dies repeatedly costs the others less and less. */
class FlappingTest {
    private static final int SEEDS = 3;
    private static final int CRASHES = 6;
    private static final long EVERY_MS = 300;
    private static final long DOWN_MS = 40;
    private static final long COOLDOWN_MS = 200;

    private static Scenario scenario(long seed) {
        List<PeerPlan> peers = new ArrayList<>();
        for (int i = 1; i <= 3; i++) {
            peers.add(new PeerPlan(new PeerId("p" + i), PeerPlan.Role.NAMED, i, i, 4, Optional.empty()));
        }
        List<Fault> crashes = new ArrayList<>();
        for (int i = 1; i <= CRASHES; i++) {
            crashes.add(new Fault.Crash(100 + i * EVERY_MS, "p3", DOWN_MS, Fault.Damage.NONE));
        }
        Experiment experiment = Draw.experiment(
                "mean_logit",
                new Experiment.Run("flapping", seed, OptionalInt.empty(), OptionalLong.of(160), 6),
                new Experiment.Augment(1, true, false),
                new Experiment.Mix(Mixing.NONE, 1, 0, 1),
                Experiment.Data.Delivery.RECIPE,
                Draw.pace(Pace.Completion.ALL, Pace.OnLoss.DROP, Scenario.DEADLINE_MS),
                2,
                peers,
                0);
        Scenario plain = new Scenario(
                seed,
                experiment,
                Blobs.drawn(seed, 16, 16, 30, 30, 0),
                5,
                peers,
                Scenario.Second.NONE,
                3,
                new Weather(4, 4, 0, 0, 0, 0),
                crashes,
                100);
        return Variants.of(plain, new Elastic(2, 6, COOLDOWN_MS, 0, 0), crashes);
    }

    /** Steps that were closed by the time of the last crash, over all seeds. */
    private static long stepsMeanwhile(Sabotage sabotage) {
        long steps = 0;
        for (long seed = 1; seed <= SEEDS; seed++) {
            Simulation simulation = new Simulation(scenario(seed), sabotage, false);
            steps += simulation.closedBy(100 + CRASHES * EVERY_MS);
        }
        return steps;
    }

    @Test
    void aPeerThatFlapsDelaysTheOthersLessWhenItCoolsDown() {
        Sabotage warm = new Sabotage() {
            @Override
            public Elastic elastic(Elastic asked) {
                return new Elastic(asked.min(), asked.max(), 0, asked.admitAfterSteps(), asked.admitAccuracyRatio());
            }
        };

        assertThat(stepsMeanwhile(Sabotage.NONE)).isGreaterThan(stepsMeanwhile(warm));
    }
}
