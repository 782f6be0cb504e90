package dev.cohort.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Experiment.Mix.Mixing;
import dev.cohort.experiment.Experiment.Pace;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Term;
import dev.cohort.protocol.Topic;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/**
 * A teacher that follows from predictions of held-out images, over four epochs: it is renewed at the end of each, and
 * processes that die there do not change it. 30 blob images, of which 24 are trained on in four batches an epoch.
 */
class HeldOutTest {
    private static final String METHOD = "kdcl_general";
    private static final int STEPS_PER_EPOCH = 4;
    private static final int STEPS = 4 * STEPS_PER_EPOCH;
    private static final long COMPUTE_MS = 5;
    private static final long FAULTS_END_MS = 900;

    /** @param onLoss with hold, every peer is waited for as long as it takes */
    private static Scenario scenario(long seed, Pace.OnLoss onLoss, List<Fault> faults) {
        List<PeerPlan> peers = IntStream.rangeClosed(1, 3)
                .mapToObj(i -> new PeerPlan(
                        new PeerId("p" + i), PeerPlan.Role.NAMED, 0, 10 * seed + i, COMPUTE_MS, Optional.empty()))
                .toList();
        long deadlineMs = onLoss == Pace.OnLoss.HOLD ? 60_000 : Scenario.DEADLINE_MS;
        Experiment experiment = Draw.experiment(
                METHOD,
                new Experiment.Run("held-out", seed, OptionalInt.empty(), OptionalLong.of(STEPS), 6),
                new Experiment.Augment(0, false, false),
                new Experiment.Mix(Mixing.NONE, 1, 0, 1),
                Experiment.Data.Delivery.RECIPE,
                Draw.pace(Pace.Completion.ALL, onLoss, deadlineMs),
                2,
                peers,
                0);
        return new Scenario(
                seed,
                experiment,
                Blobs.drawn(seed, 30, 16, 30, 30, 0),
                5,
                peers,
                Scenario.Second.SPEAKS,
                1,
                Weather.CALM,
                faults,
                faults.isEmpty() ? 0 : FAULTS_END_MS);
    }

    /** The winning outcomes of a run, in the order of their steps. */
    private static List<Outcome> outcomes(Scenario scenario) {
        Simulation simulation = new Simulation(scenario, Sabotage.NONE, false);
        simulation.run();
        SortedMap<Long, Outcome> first = new TreeMap<>();
        simulation.log().all(Topic.OUTCOMES, Outcome.class).forEach(o -> first.putIfAbsent(o.step(), o));
        return List.copyOf(first.values());
    }

    /** The weights of the contributors as the outcome has them on record. */
    private static double[] alpha(Outcome outcome) {
        Outcome.Targets targets = (Outcome.Targets) outcome.resolution();
        Tensor gates = targets.terms().stream()
                .filter(Term.GatedCrossEntropy.class::isInstance)
                .map(t -> ((Term.GatedCrossEntropy) t).gates())
                .findFirst()
                .orElseThrow();
        return Arrays.copyOf(gates.toDoubles(), outcome.contributors().size());
    }

    private static boolean uniform(double[] alpha) {
        return Arrays.stream(alpha).allMatch(a -> Math.abs(a - 1.0 / alpha.length) < 1e-6);
    }

    @Test
    void renewsItsWeightsAtTheEndOfEveryEpoch() {
        List<Outcome> outcomes = outcomes(scenario(1, Pace.OnLoss.DROP, List.of()));

        assertThat(outcomes).hasSize(STEPS);
        for (int i = 0; i < STEPS; i++) {
            double[] alpha = alpha(outcomes.get(i));
            assertThat(Arrays.stream(alpha).sum()).isBetween(1 - 1e-5, 1 + 1e-5);
            assertThat(uniform(alpha)).as("step %d", i + 1).isEqualTo(i < STEPS_PER_EPOCH);
            if (i > 0) {
                assertThat(Arrays.equals(alpha, alpha(outcomes.get(i - 1))))
                        .as("step %d has the weights of the step before", i + 1)
                        .isEqualTo(i % STEPS_PER_EPOCH != 0);
            }
        }
    }

    /** With two coordinators, every process dies once, at other places of an epoch for every seed. */
    @Test
    void processesThatDieAndComeBackChangeNothingOfIt() {
        for (long seed = 1; seed <= 12; seed++) {
            List<Fault> faults = new ArrayList<>();
            long atMs = 40 + 17 * seed;
            for (String process : List.of("p1", "c1", "p2", "c2", "augmenter", "p3", "c1")) {
                Fault.Damage damage = process.equals("p2") ? Fault.Damage.ALL : Fault.Damage.NONE;
                faults.add(new Fault.Crash(atMs, process, 30, damage));
                atMs += 61;
            }
            List<Outcome> troubled = outcomes(scenario(seed, Pace.OnLoss.HOLD, faults));
            List<Outcome> calm = outcomes(scenario(seed, Pace.OnLoss.HOLD, List.of()));

            assertThat(troubled).hasSize(STEPS);
            assertThat(troubled)
                    .as("seed %d", seed)
                    .extracting(Outcome::stateBefore, Outcome::resolution)
                    .isEqualTo(calm.stream()
                            .map(o -> tuple(o.stateBefore(), o.resolution()))
                            .toList());
            assertThat(uniform(alpha(troubled.get(STEPS - 1)))).isFalse();
        }
    }

    /** p3 is cut off over the end of the first epoch: the other two are weighed without it, and all three as strangers. */
    @Test
    void weighsWhoWasThereAndIsUniformForWhoWasNot() {
        long[] kinds = new long[3];
        for (long seed = 1; seed <= 12; seed++) {
            List<Fault> faults = List.of(new Fault.CutOff(20 + 10 * seed, "p3", 260));
            for (Outcome outcome : outcomes(scenario(seed, Pace.OnLoss.DROP, faults))) {
                if (outcome.step() <= STEPS_PER_EPOCH || !(outcome.resolution() instanceof Outcome.Targets targets)) {
                    continue;
                }
                boolean all = outcome.contributors().size() == 3;
                assertThat(targets.exact())
                        .as("step %d of seed %d", outcome.step(), seed)
                        .isEqualTo(all);
                kinds[all ? (uniform(alpha(outcome)) ? 0 : 1) : 2]++;
                assertThat(all || !uniform(alpha(outcome))).isTrue();
            }
        }
        assertThat(kinds).as("steps of three with a stranger, of three, of two").doesNotContain(0L);
    }
}
