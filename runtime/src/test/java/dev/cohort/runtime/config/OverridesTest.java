package dev.cohort.runtime.config;

import static dev.cohort.runtime.config.ExperimentYamlTest.SMALLEST;
import static dev.cohort.runtime.config.ExperimentYamlTest.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.experiment.UpdateRule;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class OverridesTest {
    private static final String THREE_AND_CONTROL = """
            run: {epochs: 2}
            method: {name: mean_logit, temperature: 4, self: false}
            optimizer: {schedule: {kind: step, milestones: [1, 2]}}
            peers:
              - {id: p1, model: resnet8, seed: 5}
              - {id: p2, model: resnet14}
              - {id: p3, model: vgg16}
              - {id: control, control: true}
            """;

    @Test
    void anotherOptimizerStartsFromItsOwnDefaults() {
        String file = """
                run: {epochs: 1}
                method: {name: dml}
                peers: [{id: a, model: resnet8}]
                optimizer: {learning_rate: 0.3, momentum: 0.8, nesterov: true, weight_decay: 0, clip_norm: 2,
                            schedule: {kind: cosine}}
                """;
        Experiment.Optimizer adamW = optimizer(file, "optimizer.name=adamw", "optimizer.beta1=0.8");
        Experiment.Optimizer sgd = optimizer(file, "optimizer.name=sgd");

        assertThat(adamW.update().rule()).isEqualTo(new UpdateRule.AdamW(0.8, 0.999, 1e-8));
        assertThat(adamW.learningRate()).isEqualTo(0.001);
        assertThat(adamW.update().weightDecay()).isEqualTo(0.01);
        assertThat(adamW.update().clipNorm()).hasValue(2);
        assertThat(adamW.schedule().kind()).isEqualTo(Experiment.Schedule.Shape.COSINE);
        assertThat(sgd.update().rule()).isEqualTo(new UpdateRule.Sgd(0.8, true));
    }

    @Test
    void replaceValuesOfTheFileAndAddMissingOnes() {
        Experiment experiment = read(
                THREE_AND_CONTROL,
                "run.seed=9",
                "run.name=2024",
                "mix.kind=cutmix",
                "data.path=/a path/with = sign",
                "optimizer.schedule.milestones.1=7",
                "elastic.admit.after_steps=3",
                "peers.1.model=wrn-16-2",
                "kafka.security.protocol=SSL",
                "method.weight=0.5");

        assertThat(experiment.run().seed()).isEqualTo(9);
        assertThat(experiment.run().name()).isEqualTo("2024");
        assertThat(experiment.mix().kind()).isEqualTo(Experiment.Mix.Mixing.CUTMIX);
        assertThat(experiment.data().path()).contains("/a path/with = sign");
        assertThat(experiment.optimizer().schedule().milestones()).containsExactly(1.0, 7.0);
        assertThat(experiment.elastic().admitAfterSteps()).isEqualTo(3);
        assertThat(experiment.peers().get(1).model()).isEqualTo("wrn-16-2");
        assertThat(experiment.kafka().client()).isEqualTo(Map.of("security.protocol", "SSL"));
        assertThat(experiment.method().parameters())
                .isEqualTo(Map.of("temperature", "4", "self", "false", "weight", "0.5"));
    }

    @Test
    void acceptWholeSectionsAndLists() {
        Experiment experiment = read(
                THREE_AND_CONTROL,
                "optimizer.schedule={kind: cosine, warmup_epochs: 1}",
                "peers=[{id: x, model: resnet8}, {id: y, model: resnet8}]");

        assertThat(experiment.optimizer().schedule().kind()).isEqualTo(Experiment.Schedule.Shape.COSINE);
        assertThat(experiment.optimizer().schedule().milestones()).isEmpty();
        assertThat(ids(experiment)).containsExactly("x", "y");
    }

    @Test
    void applyTheLastOfTwo() {
        assertThat(read(SMALLEST, "run.seed=2", "run.seed=3").run().seed()).isEqualTo(3);
    }

    @Test
    void replaceEpochsByStepsAndBack() {
        Experiment.Run steps = read(SMALLEST, "run.steps=30").run();
        assertThat(steps.steps()).hasValue(30);
        assertThat(steps.epochs()).isEmpty();

        Experiment.Run epochs =
                read(SMALLEST.replace("epochs: 2", "steps: 5"), "run.epochs=4").run();
        assertThat(epochs.epochs()).hasValue(4);
        assertThat(epochs.steps()).isEmpty();
    }

    @Test
    void removeTheParametersOfAnotherMethod() {
        assertThat(read(THREE_AND_CONTROL, "method.weight=2", "method.name=one").method())
                .isEqualTo(new Experiment.Method("one", Map.of("weight", "2")));
        assertThat(read(THREE_AND_CONTROL, "method.name=mean_logit").method().parameters())
                .containsKeys("temperature", "self");
    }

    @Test
    void setTheNumberOfContributors() {
        Experiment two = read(THREE_AND_CONTROL, "peers=2");
        assertThat(ids(two)).containsExactly("p1", "p2", "control");

        Experiment five = read(THREE_AND_CONTROL, "peers=5", "peers.4.model=resnet20");
        assertThat(ids(five)).containsExactly("p1", "p2", "p3", "p4", "p5", "control");
        assertThat(five.peers().stream().map(Experiment.Peer::model))
                .containsExactly("resnet8", "resnet14", "vgg16", "resnet8", "resnet20", "resnet8");
        assertThat(five.peers().stream().map(Experiment.Peer::seed))
                .containsExactly(5L, 1002L, 1003L, 1004L, 1005L, 5L);
    }

    @Test
    void giveNewPeersUnusedIds() {
        assertThat(ids(read("""
                        run: {epochs: 1}
                        method: {name: dml}
                        peers: [{id: p2, model: resnet8}, {id: p3, model: resnet8, control: true}]
                        """, "peers=3"))).containsExactly("p2", "p4", "p5", "p3");
    }

    @Test
    void reportEverySettingThatCannotBeApplied() {
        assertThat(problems(
                        "nonsense",
                        "=1",
                        "peers=0",
                        "peers.7.model=x",
                        "peers.one.model=x",
                        "run.epochs.deep=1",
                        "run.sed=1",
                        "foo.bar=1",
                        "run.batch_size=many",
                        "mix.kind=[",
                        "optimizer.schedule.milestones.0.x=1"))
                .containsExactlyInAnyOrder(
                        "--set: nonsense: must be KEY=VALUE, for example run.seed=2",
                        "--set: =1: must be KEY=VALUE, for example run.seed=2",
                        "--set mix.kind: line 1, column 2: expected the node content, but found '<stream end>'",
                        "peers: 0: must be at least 1",
                        "peers.7.model: 7: must be an index of peers, 0 to 3",
                        "peers.one.model: one: must be an index of peers, 0 to 3",
                        "run.epochs.deep: unknown key: run.epochs is a single value",
                        "optimizer.schedule.milestones.0.x: unknown key: optimizer.schedule.milestones.0 is a single value",
                        "run.sed: unknown key: must be one of batch_size, epochs, name, seed, steps",
                        "foo: unknown key: must be one of augment, data, elastic, kafka, method, mix, optimizer, pace,"
                                + " peers, record, run, threads, wire",
                        "run.batch_size: many: must be a whole number from 1 to 65536");
        assertThat(problems("peers=many"))
                .containsExactly("peers: many: must be a list of peers, or in --set their number");
        assertThat(problems("run.steps=3", "run.epochs=3"))
                .containsExactly("run: both epochs and steps: must be one of the two: how long to train");
    }

    private static Experiment.Optimizer optimizer(String file, String... settings) {
        Problems problems = new Problems();
        Optional<Experiment> experiment = ExperimentYaml.read(file, List.of(settings), problems);
        assertThat(problems.found()).isEmpty();
        return experiment.orElseThrow().optimizer();
    }

    private static List<String> ids(Experiment experiment) {
        return experiment.peers().stream().map(peer -> peer.id().value()).toList();
    }

    private static List<String> problems(String... settings) {
        Problems problems = new Problems();
        ExperimentYaml.read(THREE_AND_CONTROL, List.of(settings), problems);
        return problems.found();
    }
}
