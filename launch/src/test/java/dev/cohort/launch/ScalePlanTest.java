package dev.cohort.launch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.experiment.Experiment;
import dev.cohort.launch.Newcomers.Newcomer;
import dev.cohort.protocol.PeerId;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.config.ExperimentYaml;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScalePlanTest {
    private static final List<String> MODELS = List.of("resnet8", "resnet14");
    private static final int CORES = 8;

    private static final Experiment EXPERIMENT = ExperimentYaml.read("""
            run: {name: scaled, seed: 1, steps: 10, batch_size: 16}
            data: {name: fashion-mnist}
            method: {name: mean_logit}
            peers:
              - {id: p1, model: resnet8}
              - {id: p2, model: resnet14}
              - {id: control, model: resnet8, control: true}
            elastic: {min: 1, max: 5}
            threads: {torch_per_peer: 2}
            """);

    private static List<PeerId> ids(String... names) {
        return Arrays.stream(names).map(PeerId::new).toList();
    }

    private static ScalePlan scale(int wanted, int torchThreads, String... contributors) {
        List<PeerId> there = ids(contributors);
        return ScalePlan.of(wanted, EXPERIMENT, new ScalePlan.Present(there, there, torchThreads, CORES), MODELS);
    }

    @Test
    void startsNewcomersWithTheModelsInTurn() {
        assertThat(scale(4, 4, "p1", "p2").start())
                .containsExactly(
                        new Newcomer(new PeerId("n1"), "resnet8", 2), new Newcomer(new PeerId("n2"), "resnet14", 2));
        assertThat(scale(4, 4, "p1", "p2").drain()).isEmpty();
    }

    @Test
    void needsAModelForNewcomersOnly() {
        ScalePlan.Present two = new ScalePlan.Present(ids("p1", "p2"), ids("p1", "p2"), 4, CORES);

        assertThatThrownBy(() -> ScalePlan.of(3, EXPERIMENT, two, List.of()))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("--model");
        assertThat(ScalePlan.of(1, EXPERIMENT, two, List.of()).drain()).hasSize(1);
    }

    @Test
    void reusesNoId() {
        ScalePlan.Present present = new ScalePlan.Present(ids("p1", "p2"), ids("p1", "p2", "n7", "guest"), 4, CORES);

        assertThat(ScalePlan.of(3, EXPERIMENT, present, MODELS).start())
                .extracting(n -> n.id().value())
                .containsExactly("n8");
    }

    @Test
    void givesNewcomersTheUnusedCores() {
        assertThat(scale(4, 6, "p1", "p2").start()).allMatch(n -> n.torchThreads() == 1);
        assertThat(scale(4, CORES, "p1", "p2").start()).allMatch(n -> n.torchThreads() == 1);
        assertThat(scale(3, 0, "p1", "p2").start()).allMatch(n -> n.torchThreads() == 2);
    }

    @Test
    void drainsTheNewestNewcomersThenTheLastNamedPeers() {
        assertThat(scale(1, 8, "p1", "p2", "n1", "n2").drain()).isEqualTo(ids("n2", "n1", "p2"));
        assertThat(scale(1, 8, "p1", "p2", "n1", "n2").start()).isEmpty();
    }

    @Test
    void doesNothingWhenTheWantedNumberIsPresent() {
        assertThat(scale(2, 4, "p1", "p2")).isEqualTo(new ScalePlan(List.of(), List.of()));
    }

    @Test
    void refusesNumbersOutsideTheLimitsOfTheRun() {
        assertThatThrownBy(() -> scale(6, 4, "p1", "p2"))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("scale 6: must be from 1 (elastic.min) to 5 (elastic.max)");
        assertThatThrownBy(() -> scale(0, 4, "p1", "p2"))
                .isInstanceOf(CommandException.class)
                .hasMessageContaining("scale 0");
    }
}
