package dev.cohort.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Experiment.Elastic;
import dev.cohort.experiment.Experiment.Elastic.OnLag;
import dev.cohort.experiment.Experiment.Mix.Mixing;
import dev.cohort.experiment.Experiment.Pace;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Standing;
import dev.cohort.protocol.StandingChange;
import dev.cohort.protocol.Topic;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** Peers that fall behind further than {@code elastic.lag_max_steps}. */
class LagTest {
    private static final long LAG_MAX = 5;
    private static final long SEEDS = 3;
    private static final long TEN_MINUTES_MS = 600_000;
    private static final String SLOW = "p3";

    /** As if no lag were stated. */
    private static final Sabotage ANY_LAG = new Sabotage() {
        @Override
        public Elastic elastic(Elastic asked) {
            return new Elastic(
                    asked.min(), asked.max(), asked.cooldownMs(), asked.admitAfterSteps(), asked.admitAccuracyRatio());
        }
    };

    /** @param computeMs of p1, p2 and p3 */
    private static Simulation run(
            long seed,
            Elastic.Lag lag,
            Pace pace,
            long steps,
            List<Long> computeMs,
            List<Fault> faults,
            Sabotage sabotage) {
        List<PeerPlan> peers = new ArrayList<>();
        for (int i = 1; i <= computeMs.size(); i++) {
            peers.add(new PeerPlan(
                    new PeerId("p" + i), PeerPlan.Role.NAMED, i, i, computeMs.get(i - 1), Optional.empty()));
        }
        Experiment experiment = Draw.experiment(
                "mean_logit",
                new Experiment.Run("lag", seed, OptionalInt.empty(), OptionalLong.of(steps), 6),
                new Experiment.Augment(1, true, false),
                new Experiment.Mix(Mixing.NONE, 1, 0, 1),
                Experiment.Data.Delivery.RECIPE,
                pace,
                2,
                peers,
                0);
        long lastMs = faults.stream()
                .mapToLong(f -> f.atMs() + TEN_MINUTES_MS + 60_000)
                .max()
                .orElse(100);
        Scenario plain = new Scenario(
                seed,
                experiment,
                Blobs.drawn(seed, 16, 16, 30, 30, 0),
                5,
                peers,
                Scenario.Second.NONE,
                3,
                new Weather(3, 3, 0, 0, 0, 0),
                faults,
                lastMs);
        Scenario scenario = Variants.of(plain, new Elastic(2, 6, 0, 0, 0, lag), faults);
        Simulation simulation = new Simulation(scenario, sabotage, false);
        simulation.run();
        return simulation;
    }

    /** Two fast peers close the steps without the third. */
    private static Simulation quorum(long seed, OnLag policy, Sabotage sabotage) {
        Pace pace = Draw.pace(Pace.Completion.QUORUM, Pace.OnLoss.DROP, Scenario.DEADLINE_MS);
        return run(seed, new Elastic.Lag(LAG_MAX, policy), pace, 80, List.of(2L, 2L, 40L), List.of(), sabotage);
    }

    private static List<StandingChange> changes(Simulation simulation) {
        return simulation.log().all(Topic.MEMBERS, StandingChange.class).stream()
                .filter(c -> c.peer().value().equals(SLOW))
                .toList();
    }

    private static List<Long> contributed(Simulation simulation) {
        return simulation.log().all(Topic.OUTCOMES, Outcome.class).stream()
                .filter(o ->
                        o.contributors().stream().anyMatch(c -> c.peer().value().equals(SLOW)))
                .map(Outcome::step)
                .toList();
    }

    @Test
    void theOthersWaitForAPeerThatGoesOnBehindThem() {
        for (long seed = 1; seed <= SEEDS; seed++) {
            Simulation paced = quorum(seed, OnLag.PACE, Sabotage.NONE);

            assertThat(paced.worstLag(SLOW)).as("steps behind").isLessThanOrEqualTo(LAG_MAX);
            assertThat(changes(paced)).anyMatch(c -> c.why().contains("elastic.on_lag: pace"));
        }
    }

    @Test
    void itFallsFurtherBehindWhenNobodyPaces() {
        assertThat(quorum(1, OnLag.PACE, ANY_LAG).worstLag(SLOW)).isGreaterThan(2 * LAG_MAX);
    }

    @Test
    void aPeerThatIsExcludedForItsLagIsSaidToBeAndComesBackByItself() {
        // It stands still for two deadlines, is soon back at the head, and is admitted again.
        List<Fault> stall = List.of(new Fault.Stall(300, SLOW, 3 * Scenario.DEADLINE_MS));
        Pace pace = Draw.pace(Pace.Completion.ALL, Pace.OnLoss.DROP, Scenario.DEADLINE_MS);
        Elastic.Lag lag = new Elastic.Lag(LAG_MAX, OnLag.EXCLUDE);

        Simulation excluded = run(1, lag, pace, 120, List.of(6L, 6L, 2L), stall, Sabotage.NONE);

        assertThat(changes(excluded))
                .anyMatch(c -> c.standing() == Standing.CANDIDATE && c.why().contains("elastic.lag_max_steps"));
        assertThat(changes(excluded).get(changes(excluded).size() - 2).standing())
                .isEqualTo(Standing.LIVE);
        assertThat(contributed(excluded)).contains(1L, 120L);
        Simulation lagging = run(1, lag, pace, 120, List.of(6L, 6L, 2L), stall, ANY_LAG);
        assertThat(changes(lagging)).noneMatch(c -> c.standing() == Standing.CANDIDATE);
    }

    @Test
    void aStallOfTenMinutesCostsTheOthersOneDeadlineAndThePeerNothing() {
        long deadlineMs = 30_000;
        long steps = 530;
        Pace pace = Draw.pace(Pace.Completion.ALL, Pace.OnLoss.DROP, deadlineMs);
        List<Fault> stall = List.of(new Fault.Stall(20_000, SLOW, TEN_MINUTES_MS));

        Simulation simulation =
                run(1, Elastic.Lag.UNLIMITED, pace, steps, List.of(500L, 500L, 10L), stall, Sabotage.NONE);

        List<Long> closed = List.copyOf(simulation.closedMs().values());
        List<Long> gaps = new ArrayList<>();
        for (int i = 1; i < closed.size(); i++) {
            gaps.add(closed.get(i) - closed.get(i - 1));
        }
        assertThat(gaps).filteredOn(ms -> ms > deadlineMs / 2).hasSize(1).allMatch(ms -> ms < deadlineMs + 3_000);
        assertThat(changes(simulation))
                .anyMatch(c -> c.standing() == Standing.LAGGING && c.why().contains("late at step"))
                .noneMatch(c -> c.standing() == Standing.GONE || c.standing() == Standing.CANDIDATE);
        assertThat(contributed(simulation)).contains(1L, steps).hasSizeLessThan((int) steps / 2);
        assertThat(simulation.log().all(Topic.OUTCOMES, Outcome.class).stream()
                        .flatMap(o -> o.contributors().stream())
                        .filter(c -> c.peer().value().equals(SLOW)))
                .allMatch(c -> c.slot() == 2 && c.incarnation() == 1);
    }
}
