package dev.cohort.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Experiment.Mix.Mixing;
import dev.cohort.experiment.Experiment.Pace;
import dev.cohort.protocol.PeerId;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** One run, line by line: the shortest way to see how the parts work together. */
class TraceTest {
    private static final String NAME = "a-crash-and-two-coordinators.txt";

    private static Scenario scenario() {
        List<PeerPlan> peers = List.of(
                new PeerPlan(new PeerId("p1"), PeerPlan.Role.NAMED, 0, 1, 4, Optional.empty()),
                new PeerPlan(new PeerId("p2"), PeerPlan.Role.NAMED, 5, 2, 6, Optional.empty()));
        Experiment experiment = Draw.experiment(
                "one",
                new Experiment.Run("trace", 1, OptionalInt.empty(), OptionalLong.of(4), 6),
                new Experiment.Augment(1, true, false),
                new Experiment.Mix(Mixing.CUTMIX, 1, 0.5, 1),
                Experiment.Data.Delivery.RECIPE,
                Draw.pace(Pace.Completion.ALL, Pace.OnLoss.DROP, Scenario.DEADLINE_MS),
                2,
                peers,
                0);
        return new Scenario(
                1,
                experiment,
                Blobs.drawn(1, 12, 16, 30, 30, 0),
                5,
                peers,
                Scenario.Second.SPEAKS,
                1,
                Weather.CALM,
                List.of(new Fault.Crash(129, "p2", 25, Fault.Damage.NONE)),
                200);
    }

    private static String trace() {
        Simulation simulation = new Simulation(scenario(), Sabotage.NONE, true);
        simulation.run();
        return simulation.trace().lines().stream()
                .filter(line -> !line.contains("heartbeat of"))
                .filter(line -> !line.contains("  reads     ") && !line.contains("  wakes     "))
                .map(String::stripTrailing)
                .collect(Collectors.joining("\n", "", "\n"));
    }

    @Test
    void tellsTheStoryInTheFile() throws IOException {
        String trace = trace();
        try (InputStream kept = TraceTest.class.getResourceAsStream("/traces/" + NAME)) {
            String story = new String(Objects.requireNonNull(kept).readAllBytes(), StandardCharsets.UTF_8);
            int begin = story.indexOf("\n\n") + 2;
            assertThat(begin)
                    .as("what to look for, and an empty line, stand above")
                    .isGreaterThan(2);
            Path written = Path.of("target", "traces", NAME);
            Files.createDirectories(Path.of("target", "traces"));
            Files.writeString(written, story.substring(0, begin) + trace);
            assertThat(trace)
                    .as("if the change is meant: cp system-tests/%s system-tests/src/test/resources/traces/", written)
                    .isEqualTo(story.substring(begin));
        }
    }
}
