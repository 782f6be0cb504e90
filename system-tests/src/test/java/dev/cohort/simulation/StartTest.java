package dev.cohort.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.protocol.Command;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Topic;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The first step waits for all peers the experiment names, up to a limit. */
class StartTest {
    /** A drawn scenario whose only fault is that the last named peer never starts. */
    private static Scenario withoutOne(long seed) {
        Scenario drawn = Draw.scenario(seed);
        String absent = "p" + drawn.seats().size();
        return new Scenario(
                seed,
                drawn.experiment(),
                drawn.data(),
                drawn.hidden(),
                drawn.peers().stream()
                        .filter(p -> p.named() && !p.id().value().equals(absent))
                        .toList(),
                drawn.second(),
                drawn.predictionPartitions(),
                Weather.CALM,
                List.of(),
                0);
    }

    @Test
    void theRunIsGivenUpWhenAPeerNeverComes() {
        int tried = 0;
        for (long seed = 1; seed <= 20; seed++) {
            Scenario scenario = withoutOne(seed);
            if (!scenario.method().equals("independent")) {
                tried++;
                Simulation simulation = new Simulation(scenario, Sabotage.NONE, false);
                simulation.run();

                List<Command> commands = simulation.log().all(Topic.CONTROL, Command.class);
                assertThat(commands).isNotEmpty().allMatch(c -> c.kind() == Command.Kind.ABORT);
                assertThat(commands.get(0).reason())
                        .contains("p" + scenario.seats().size(), Long.toString(Scenario.START_MS), "pace.start_ms");
                assertThat(simulation.log().all(Topic.OUTCOMES, Outcome.class)).isEmpty();
            }
        }
        assertThat(tried).isGreaterThan(10);
    }
}
