package dev.cohort.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class ShippedExperimentsTest {
    private static final Path EXPERIMENTS = Path.of("..", "experiments");

    @Test
    void areReadWithoutProblemsAndNamedLikeTheirFiles() throws IOException {
        List<Path> files;
        try (Stream<Path> found = Files.list(EXPERIMENTS)) {
            // Comparisons are read by the command that runs them, which has its own tests.
            files = found.filter(file -> !file.getFileName().toString().startsWith("compare-"))
                    .sorted()
                    .toList();
        }
        assertThat(files.stream().map(file -> file.getFileName().toString()))
                .contains("quickstart.yaml", "cifar100-one.yaml", "cifar10-cutmix.yaml");
        for (Path file : files) {
            Problems problems = new Problems();
            Experiment experiment =
                    ExperimentYaml.readFile(file, List.of(), problems).orElseThrow();
            assertThat(problems.found()).as(file.toString()).isEmpty();
            assertThat(file).hasFileName(experiment.run().name() + ".yaml");
            assertThat(ExperimentYaml.read(ExperimentYaml.write(experiment))).isEqualTo(experiment);
        }
    }

    @Test
    void quickstartComparesThreePeersOfTwoArchitecturesWithAControlPeer() {
        Experiment quickstart = ExperimentYaml.readFile(
                        EXPERIMENTS.resolve("quickstart.yaml"), List.of(), new Problems())
                .orElseThrow();

        assertThat(quickstart.contributors()).hasSize(3);
        assertThat(quickstart.contributors().stream()
                        .map(Experiment.Peer::model)
                        .distinct())
                .hasSize(2);
        assertThat(quickstart.peers()).hasSize(4);
        Experiment.Peer first = quickstart.peers().get(0);
        Experiment.Peer control = quickstart.peers().get(3);
        assertThat(control.control()).isTrue();
        assertThat(control.model()).isEqualTo(first.model());
        assertThat(control.seed()).isEqualTo(first.seed());
        assertThat(quickstart.data().path()).isEmpty();
    }
}
