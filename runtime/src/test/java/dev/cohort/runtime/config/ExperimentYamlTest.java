package dev.cohort.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.OwnNetwork;
import dev.cohort.experiment.Problems;
import dev.cohort.experiment.UpdateRule;
import dev.cohort.experiment.WeightUpdate;
import dev.cohort.protocol.PeerId;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ExperimentYamlTest {
    static final String SMALLEST = """
            run: {epochs: 2}
            method: {name: dml}
            peers: [{id: a, model: resnet8}]
            """;

    private static final String EVERYTHING = """
            run: {name: full, seed: 7, steps: 123, batch_size: 64}
            data: {name: cifar10, path: "/data/with spaces: and colons", mode: pixels, validation: 0.1}
            augment: {crop_padding: 2, flip: false, per_peer: true}
            mix: {kind: cutmix_multi, alpha: 0.4, probability: 1, n: 3}
            method: {name: one, temperature: 2.5, weight: 1e-1, self: false, gate: fancy}
            optimizer:
              name: sgd
              learning_rate: .05
              momentum: 0.8
              nesterov: true
              weight_decay: 5E-4
              schedule: {kind: step, milestones: [1, 2.5], gamma: 0.2, warmup_epochs: 0.5}
            peers:
              - {id: p1, model: resnet14, device: "cuda:1", seed: -9}
              - {id: watcher, model: wrn-16-2, device: cpu, seed: 8, control: true}
              - id: p2
                model: vgg16
            pace:
              {mode: pipelined, k: 3, parts: 4, prefetch: 5, completion: quorum, quorum: 1, gone_after_ms: 1001,
               deadline_ms: 1002, evaluation_ms: 1003, start_ms: 1004, on_loss: hold}
            elastic: {min: 1, max: 6, cooldown_ms: 7, lag_max_steps: 9, on_lag: exclude, admit: {after_steps: 8, accuracy_ratio: 0.9}}
            wire: {logits: fp64, features: fp16}
            record: {features: always, evaluation_logits: false, checkpoint_steps: 50, checkpoints_kept: 7, snapshot_steps: 9}
            kafka: {bootstrap: "kafka-1:9092,kafka-2:9092", replication: 3, security.protocol: SASL_SSL, acks: all}
            threads: {torch_per_peer: 2}
            """;

    private static final String CANONICAL = """
            run:
              name: experiment
              seed: 1
              epochs: 2
              batch_size: 128
            data:
              name: fashion-mnist
              mode: recipe
            augment:
              crop_padding: 4
              flip: true
              per_peer: false
            mix:
              kind: none
              alpha: 1.0
              probability: 0.5
              n: 2
            method:
              name: dml
            optimizer:
              name: sgd
              learning_rate: 0.1
              momentum: 0.9
              nesterov: false
              weight_decay: 1.0E-4
              schedule:
                kind: constant
                milestones: []
                gamma: 0.1
                warmup_epochs: 0.0
            peers:
              - id: a
                model: resnet8
                device: auto
                seed: 1001
                control: false
            pace:
              mode: strict
              k: 2
              parts: 2
              prefetch: 2
              completion: all
              quorum: 2
              gone_after_ms: 3000
              deadline_ms: 30000
              evaluation_ms: 600000
              start_ms: 120000
              on_loss: drop
            elastic:
              min: 1
              max: 8
              cooldown_ms: 5000
              lag_max_steps: 0
              on_lag: pace
              admit:
                after_steps: 0
                accuracy_ratio: 0.8
            wire:
              logits: fp32
              features: fp32
              maps: fp32
              maps_kept_mebibytes: 1024
            record:
              features: needed
              evaluation_logits: true
              checkpoint_steps: 200
              checkpoints_kept: 3
              snapshot_steps: 200
            kafka:
              bootstrap: embedded
              replication: 1
            threads:
              torch_per_peer: auto
            """;

    private static final Experiment.Elastic.Lag NINE_STEPS =
            new Experiment.Elastic.Lag(9, Experiment.Elastic.OnLag.EXCLUDE);

    private static final List<String> AWKWARD = List.of(
            "true",
            "null",
            "~",
            "",
            "-",
            "1e3",
            "a: b",
            "a #b",
            "\"",
            "\\",
            "'",
            "\n\t\u0007",
            "- x",
            "é\u2028",
            "\ud83d\ude00",
            "{a}",
            "[",
            "*a",
            "&a",
            "!x",
            "|",
            "%",
            "@",
            "`",
            "---",
            "...",
            " a ",
            "key:",
            "?");

    @Test
    void fillsInTheDefaults() {
        assertThat(read(SMALLEST))
                .isEqualTo(new Experiment(
                        new Experiment.Run("experiment", 1, OptionalInt.of(2), OptionalLong.empty(), 128),
                        new Experiment.Data(
                                "fashion-mnist",
                                Optional.empty(),
                                Experiment.Data.Delivery.RECIPE,
                                OptionalDouble.empty()),
                        new Experiment.Augment(4, true, false),
                        new Experiment.Mix(Experiment.Mix.Mixing.NONE, 1, 0.5, 2),
                        new Experiment.Method("dml", Map.of()),
                        new Experiment.Optimizer(
                                0.1,
                                0.9,
                                false,
                                1e-4,
                                new Experiment.Schedule(Experiment.Schedule.Shape.CONSTANT, List.of(), 0.1, 0)),
                        List.of(new Experiment.Peer(new PeerId("a"), "resnet8", "auto", 1001, false)),
                        new Experiment.Pace(
                                Experiment.Pace.Mode.STRICT,
                                2,
                                2,
                                2,
                                Experiment.Pace.Completion.ALL,
                                2,
                                3_000,
                                30_000,
                                600_000,
                                120_000,
                                Experiment.Pace.OnLoss.DROP),
                        new Experiment.Elastic(1, 8, 5_000, 0, 0.8),
                        new Experiment.Wire(DType.FLOAT32, DType.FLOAT32),
                        new Experiment.Recording(Experiment.Recording.Features.NEEDED, true, 200, 3, 200),
                        new Experiment.Kafka(Optional.empty(), 1, Map.of()),
                        new Experiment.Threads(OptionalInt.empty())));
    }

    @Test
    void readsEveryUpdateRule() {
        Experiment.Schedule constant = new Experiment.Schedule(Experiment.Schedule.Shape.CONSTANT, List.of(), 0.1, 0);
        assertThat(read(SMALLEST + "optimizer: {name: adamw}\n").optimizer())
                .isEqualTo(new Experiment.Optimizer(
                        0.001,
                        constant,
                        new WeightUpdate(
                                new UpdateRule.AdamW(0.9, 0.999, 1e-8),
                                0.01,
                                OptionalDouble.empty(),
                                OptionalDouble.empty())));
        String all = "optimizer: {name: adamw, learning_rate: 3e-4, beta1: 0.8, beta2: 0.95, epsilon: 1e-6,"
                + " weight_decay: 0.05, clip_norm: 1, average_decay: 0.99}\n";
        Experiment experiment = read(SMALLEST + all);
        assertThat(experiment.optimizer())
                .isEqualTo(new Experiment.Optimizer(
                        3e-4,
                        constant,
                        new WeightUpdate(
                                new UpdateRule.AdamW(0.8, 0.95, 1e-6),
                                0.05,
                                OptionalDouble.of(1),
                                OptionalDouble.of(0.99))));
        assertThat(read(ExperimentYaml.write(experiment))).isEqualTo(experiment);
    }

    @Test
    void mapsEveryKeyToItsSetting() {
        assertThat(read(EVERYTHING))
                .isEqualTo(new Experiment(
                        new Experiment.Run("full", 7, OptionalInt.empty(), OptionalLong.of(123), 64),
                        new Experiment.Data(
                                "cifar10",
                                Optional.of("/data/with spaces: and colons"),
                                Experiment.Data.Delivery.PIXELS,
                                OptionalDouble.of(0.1)),
                        new Experiment.Augment(2, false, true),
                        new Experiment.Mix(Experiment.Mix.Mixing.CUTMIX_MULTI, 0.4, 1, 3),
                        new Experiment.Method(
                                "one",
                                Map.of("temperature", "2.5", "weight", "1e-1", "self", "false", "gate", "fancy")),
                        new Experiment.Optimizer(
                                0.05,
                                0.8,
                                true,
                                5e-4,
                                new Experiment.Schedule(Experiment.Schedule.Shape.STEP, List.of(1.0, 2.5), 0.2, 0.5)),
                        List.of(
                                new Experiment.Peer(new PeerId("p1"), "resnet14", "cuda:1", -9, false),
                                new Experiment.Peer(new PeerId("watcher"), "wrn-16-2", "cpu", 8, true),
                                new Experiment.Peer(new PeerId("p2"), "vgg16", "auto", 7003, false)),
                        new Experiment.Pace(
                                Experiment.Pace.Mode.PIPELINED,
                                3,
                                4,
                                5,
                                Experiment.Pace.Completion.QUORUM,
                                1,
                                1_001,
                                1_002,
                                1_003,
                                1_004,
                                Experiment.Pace.OnLoss.HOLD),
                        new Experiment.Elastic(1, 6, 7, 8, 0.9, NINE_STEPS),
                        new Experiment.Wire(DType.FLOAT64, DType.FLOAT16),
                        new Experiment.Recording(Experiment.Recording.Features.ALWAYS, false, 50, 7, 9),
                        new Experiment.Kafka(
                                Optional.of("kafka-1:9092,kafka-2:9092"),
                                3,
                                Map.of("security.protocol", "SASL_SSL", "acks", "all")),
                        new Experiment.Threads(OptionalInt.of(2))));
    }

    @Test
    void readsBackWhatItWrites() {
        for (String yaml : List.of(SMALLEST, EVERYTHING)) {
            Experiment experiment = read(yaml);
            String written = ExperimentYaml.write(experiment);

            assertThat(ExperimentYaml.read(written)).isEqualTo(experiment);
            assertThat(ExperimentYaml.write(ExperimentYaml.read(written))).isEqualTo(written);
        }
    }

    @Test
    void writesTheCanonicalForm() {
        assertThat(ExperimentYaml.write(read(SMALLEST))).isEqualTo(CANONICAL);
    }

    @Test
    void quotesTextsThatYamlWouldMisread() {
        for (String text : AWKWARD) {
            Experiment.Method method = new Experiment.Method("m", Map.of("p", text));
            Experiment experiment = with(read(SMALLEST), method);

            assertThat(ExperimentYaml.read(ExperimentYaml.write(experiment))).isEqualTo(experiment);
        }
    }

    @Test
    void readsPairsAsAListOrInOneLine() {
        String items = """
                run: {epochs: 2}
                method:
                  name: pairs
                  pairs:
                    - p1+p2 logits dml 1.0
                    - all map/last l2 0.5
                  weight: 2
                peers: [{id: a, model: resnet8}]
                """;
        String line = items.replace("\n    - p1+p2", " p1+p2").replace("1.0\n    - ", "1.0; ");
        Experiment.Method method = new Experiment.Method(
                "pairs", Map.of("pairs", "p1+p2 logits dml 1.0; all map/last l2 0.5", "weight", "2"));
        String set = "method.pairs=[p1+p2 logits dml 1.0, all map/last l2 0.5]";

        assertThat(read(items).method()).isEqualTo(method);
        assertThat(read(line).method()).isEqualTo(method);
        assertThat(ExperimentYaml.read(line.replace("0.5", "7"), List.of(set), new Problems())
                        .map(Experiment::method))
                .contains(method);
        assertThat(ExperimentYaml.write(read(line))).contains("""
                method:
                  name: pairs
                  pairs:
                    - "p1+p2 logits dml 1.0"
                    - "all map/last l2 0.5"
                  weight: 2
                """);
        for (String value : List.of("all logits dml", "a;b", "a; b", "a;  b", "; ", "a; ", "; ; \"", "null; true; 1")) {
            Experiment experiment = with(read(SMALLEST), new Experiment.Method("pairs", Map.of("pairs", value)));
            assertThat(ExperimentYaml.read(ExperimentYaml.write(experiment)))
                    .as(value)
                    .isEqualTo(experiment);
        }
    }

    @Test
    void givesTheControlPeerTheFirstPeersModelAndSeed() {
        Experiment experiment = read("""
                run: {epochs: 1, seed: 3}
                method: {name: dml}
                peers:
                  - {id: control, control: true}
                  - {id: p1, model: resnet20}
                  - {id: p2, model: vgg16}
                """);

        assertThat(experiment.peers())
                .containsExactly(
                        new Experiment.Peer(new PeerId("control"), "resnet20", "auto", 3002, true),
                        new Experiment.Peer(new PeerId("p1"), "resnet20", "auto", 3002, false),
                        new Experiment.Peer(new PeerId("p2"), "vgg16", "auto", 3003, false));
    }

    @Test
    void readsAndWritesNetworksOfOnesOwn() {
        Experiment experiment = read("""
                run: {epochs: 1, seed: 3}
                method: {name: dml}
                peers:
                  - {id: control, control: true}
                  - {id: p1, model: "net.py:make", python: /venv/bin/python, pretrained: true, weights: w, feature_width: 64,
                     maps: "map/last=64x8x8 map/stage1=16x32x30"}
                  - {id: p2, model: vgg16}
                """);
        OwnNetwork own = OwnNetwork.of(Optional.of("/venv/bin/python"), true, Optional.of("w"))
                .measured(64, new TreeMap<>(Map.of("map/last", Ints.of(64, 8, 8), "map/stage1", Ints.of(16, 32, 30))));

        assertThat(experiment.peers().get(0).own()).isEqualTo(own);
        assertThat(experiment.peers().get(1).own()).isEqualTo(own);
        assertThat(experiment.peers().get(1).hasOwnNetwork()).isTrue();
        assertThat(experiment.peers().get(2).own()).isEqualTo(OwnNetwork.NONE);
        assertThat(ExperimentYaml.read(ExperimentYaml.writeWithoutSecrets(experiment)))
                .isEqualTo(experiment);
        assertThat(ExperimentYaml.writeWithoutSecrets(read(SMALLEST))).doesNotContain("python", "feature_width");
    }

    @Test
    void countsOnlyContributorsInTheElasticDefaults() {
        assertThat(read(SMALLEST + "  # no more").elastic().min()).isEqualTo(1);
        Experiment experiment = read(SMALLEST, "peers=10");
        assertThat(experiment.elastic().min()).isEqualTo(2);
        assertThat(experiment.elastic().max()).isEqualTo(10);
    }

    @Test
    void readsAnEmptyValueAsTheDefault() {
        Experiment experiment = read(SMALLEST + "data: {path: , validation: null}\nmix: ~\n");
        assertThat(experiment.data()).isEqualTo(read(SMALLEST).data());
        assertThat(experiment.mix()).isEqualTo(read(SMALLEST).mix());
    }

    @Test
    void omitsPasswordsFromTheManifest() {
        Experiment experiment =
                read(SMALLEST + "kafka: {bootstrap: 'h:1', sasl.jaas.config: 'user password=\"secret\";'}");

        assertThat(ExperimentYaml.write(experiment)).contains("secret");
        assertThat(ExperimentYaml.writeWithoutSecrets(experiment))
                .doesNotContain("secret")
                .contains("h:1");
    }

    @Test
    void throwsWithAllProblemsOfAnInvalidExperiment() {
        assertThatThrownBy(() -> ExperimentYaml.read("run: {epochs: 0}\nmethod: {name: dml}\nx: 1"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("run.epochs: 0: must be")
                .hasMessageContaining("x: unknown key");
    }

    static Experiment read(String yaml, String... settings) {
        Problems problems = new Problems();
        Optional<Experiment> experiment = ExperimentYaml.read(yaml, List.of(settings), problems);
        assertThat(problems.found()).isEmpty();
        return experiment.orElseThrow();
    }

    private static Experiment with(Experiment base, Experiment.Method method) {
        return new Experiment(
                base.run(),
                base.data(),
                base.augment(),
                base.mix(),
                method,
                base.optimizer(),
                base.peers(),
                base.pace(),
                base.elastic(),
                base.wire(),
                base.recording(),
                base.kafka(),
                base.threads());
    }
}
