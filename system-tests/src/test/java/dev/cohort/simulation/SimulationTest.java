package dev.cohort.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Whole runs under faults. {@code -Dsimulation.seeds=N} runs N seeds instead of 1,000, {@code -Dsimulation.first=S} begins with
 * seed S.
 */
class SimulationTest {
    private static final long FIRST = Long.getLong("simulation.first", 1);
    private static final long SEEDS = Long.getLong("simulation.seeds", 1_000);

    @Test
    void everySeedKeepsEveryPromise() {
        Corners corners = new Corners();
        long events = 0;
        for (long seed = FIRST; seed < FIRST + SEEDS; seed++) {
            Simulation simulation = new Simulation(Draw.scenario(seed), Sabotage.NONE, false);
            run(simulation);
            corners.add(simulation);
            events += simulation.trace().events();
        }
        System.out.println("simulation: " + SEEDS + " seeds, " + events + " events; " + corners);
        if (SEEDS >= 200) {
            assertThat(corners.missed()).as("corners that no seed reached").isEmpty();
        }
    }

    private static void run(Simulation simulation) {
        Scenario scenario = simulation.scenario();
        try {
            simulation.run();
        } catch (RuntimeException broken) {
            fail(
                    broken.getMessage() + "\nrepeat it with\n  ./mvnw verify -pl system-tests -am -Dtest=SimulationTest"
                            + " -Dsurefire.failIfNoSpecifiedTests=false -Dsimulation.seeds=1 -Dsimulation.first="
                            + scenario.seed() + "\n" + scenario.describe(),
                    broken);
        }
    }

    @Test
    void theSameSeedGivesTheSameTrace() {
        for (long seed = 1; seed <= 12; seed++) {
            assertThat(fingerprint(seed)).as("trace of seed %d", seed).isEqualTo(fingerprint(seed));
        }
        assertThat(List.of(fingerprint(1), fingerprint(2), fingerprint(3))).doesNotHaveDuplicates();
    }

    private static String fingerprint(long seed) {
        Simulation simulation = new Simulation(Draw.scenario(seed), Sabotage.NONE, false);
        simulation.run();
        return simulation.trace().fingerprint();
    }
}
