package dev.cohort.runtime.config;

import static dev.cohort.runtime.config.ExperimentYamlTest.SMALLEST;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.experiment.Problems;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ExperimentProblemsTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '\0', textBlock = """
            run.name=a b                    | run.name: a b: must be 1 to 48 of A-Z a-z 0-9 . _ - and start with a letter or digit
            run.seed=1.5                    | run.seed: 1.5: must be a whole number from -4611686018427387 to 4611686018427387
            run.seed=99999999999999999999   | run.seed: 99999999999999999999: must be a whole number from -4611686018427387 to 4611686018427387
            run.epochs=0                    | run.epochs: 0: must be a whole number from 1 to 1000000
            run.epochs="3"                  | run.epochs: "3": must be a whole number from 1 to 1000000
            run.epochs=[3]                  | run.epochs: a list: must be a whole number from 1 to 1000000
            run.steps=-1                    | run.steps: -1: must be a whole number of at least 1
            run.batch_size=0                | run.batch_size: 0: must be a whole number from 1 to 65536
            run=5                           | run: 5: must be a mapping of keys to values
            data.mode=Recipe                | data.mode: Recipe: must be one of recipe, pixels
            data.validation=1               | data.validation: 1: must be a number from 0 to below 1
            data.path={a: b}                | data.path: a mapping: must be a single value
            augment.crop_padding=-1         | augment.crop_padding: -1: must be a whole number from 0 to 1024
            augment.flip=yes                | augment.flip: yes: must be true or false
            augment.per_peer="true"         | augment.per_peer: "true": must be true or false
            mix.kind=blend                  | mix.kind: blend: must be one of none, mixup, cutmix, cutmix_per_peer, cutmix_multi
            mix.alpha=0                     | mix.alpha: 0: must be a number above 0
            mix.alpha=.nan                  | mix.alpha: .nan: must be a number above 0
            mix.alpha=1e999                 | mix.alpha: 1e999: must be a number above 0
            mix.probability=1.01            | mix.probability: 1.01: must be a number from 0 to 1
            mix.n=0                         | mix.n: 0: must be a whole number from 1 to 16
            method.name=                    | method.name: missing: must be the name of a method, for example one
            method.temperature=[1]          | method.temperature: a list: must be a single value
            method.pairs=[a, {peers: all}]  | method.pairs.1: a mapping: must be a single value
            method.pairs={peers: all}       | method.pairs: a mapping: must be a single value
            optimizer.name=adam             | optimizer.name: adam: must be one of sgd, adamw
            optimizer={name: adamw, momentum: 0.9} | optimizer.momentum: a setting of sgd: must be left out, since optimizer.name is adamw
            optimizer.beta1=0.9             | optimizer.beta1: a setting of adamw: must be left out, since optimizer.name is sgd
            optimizer={name: adamw, beta2: 1} | optimizer.beta2: 1: must be a number from 0 to below 1
            optimizer={name: adamw, epsilon: 0} | optimizer.epsilon: 0: must be a number above 0
            optimizer.clip_norm=0           | optimizer.clip_norm: 0: must be a number above 0
            optimizer.average_decay=1       | optimizer.average_decay: 1: must be a number from 0 to below 1
            optimizer.learning_rate=0       | optimizer.learning_rate: 0: must be a number above 0
            optimizer.learning_rate=fast    | optimizer.learning_rate: fast: must be a number above 0
            optimizer.momentum=1            | optimizer.momentum: 1: must be a number from 0 to below 1
            optimizer={nesterov: true, momentum: 0} | optimizer.nesterov: true: must be false when momentum is 0
            optimizer.weight_decay=-1e-4    | optimizer.weight_decay: -1e-4: must be a number of at least 0
            optimizer.schedule.kind=linear  | optimizer.schedule.kind: linear: must be one of constant, step, cosine
            optimizer.schedule.kind=step    | optimizer.schedule.milestones: missing: must be a list of epochs, since the kind is step
            optimizer.schedule.milestones=3 | optimizer.schedule.milestones: 3: must be a list of numbers
            optimizer.schedule.milestones=[1, x] | optimizer.schedule.milestones.1: x: must be a number of at least 0
            optimizer.schedule.milestones=[2, 1] | optimizer.schedule.milestones: [2.0, 1.0]: must be ascending
            optimizer.schedule.gamma=0      | optimizer.schedule.gamma: 0: must be a number above 0
            optimizer.schedule.x=0          | optimizer.schedule.x: unknown key: must be one of gamma, kind, milestones, warmup_epochs
            peers=[]                        | peers: none: must be at least 1 that is not control
            peers={}                        | peers: a mapping: must be a list of peers, or in --set their number
            peers.0.id=P 1                  | peers.0.id: P 1: must be 1 to 32 of a-z 0-9 . _ - and start with a letter or digit
            peers.0.id=                     | peers.0.id: missing: must be 1 to 32 of a-z 0-9 . _ - and start with a letter or digit
            peers.0.id=coordinator          | peers.0.id: coordinator: must be other than the names of roles: augmenter, broker, coordinator, launcher, proxy
            peers.0.id=proxy                | peers.0.id: proxy: must be other than the names of roles: augmenter, broker, coordinator, launcher, proxy
            peers.0.model=                  | peers.0.model: missing: must be the name of a model, for example resnet8
            peers.0.device=gpu              | peers.0.device: gpu: must be auto, cpu, cuda:N, mps or xpu:N, for example cuda:0
            peers.0.seed=x                  | peers.0.seed: x: must be a whole number
            peers.0.control=1               | peers.0.control: 1: must be true or false
            peers.0.python=python3          | peers.0.model: model resnet8 is built in: leave out python, pretrained, weights and feature_width
            pace.mode=quick                 | pace.mode: quick: must be one of strict, interleaved, pipelined, free
            pace.k=0                        | pace.k: 0: must be a whole number from 1 to 1024
            pace.parts=0                    | pace.parts: 0: must be a whole number from 1 to 1024
            pace.prefetch=-1                | pace.prefetch: -1: must be a whole number from 0 to 1024
            pace.completion=some            | pace.completion: some: must be one of all, quorum
            pace.completion=quorum          | pace.quorum: 2: must be at most 1, the contributors
            pace.gone_after_ms=999          | pace.gone_after_ms: 999: must be a whole number from 1000 to 1000000000000
            pace.deadline_ms=0              | pace.deadline_ms: 0: must be a whole number from 1 to 1000000000000
            pace.evaluation_ms=0            | pace.evaluation_ms: 0: must be a whole number from 1 to 1000000000000
            pace.start_ms=9223372036854775807 | pace.start_ms: 9223372036854775807: must be a whole number from 1 to 1000000000000
            optimizer.learning_rate=0x1p3   | optimizer.learning_rate: 0x1p3: must be a number above 0
            optimizer.learning_rate=1f      | optimizer.learning_rate: 1f: must be a number above 0
            pace.start_ms=0                 | pace.start_ms: 0: must be a whole number from 1 to 1000000000000
            pace.on_loss=cry                | pace.on_loss: cry: must be one of drop, hold
            elastic.min=0                   | elastic.min: 0: must be a whole number from 1 to 256
            elastic.min=9                   | elastic.min: 9: must be at most 8, which is elastic.max
            elastic.max=257                 | elastic.max: 257: must be a whole number from 1 to 256
            elastic.cooldown_ms=-1          | elastic.cooldown_ms: -1: must be a whole number from 0 to 1000000000000
            elastic.admit.after_steps=-1    | elastic.admit.after_steps: -1: must be a whole number of at least 0
            elastic.admit.accuracy_ratio=2  | elastic.admit.accuracy_ratio: 2: must be a number from 0 to 1
            elastic.admit.x=2               | elastic.admit.x: unknown key: must be one of accuracy_ratio, after_steps
            wire.logits=fp8                 | wire.logits: fp8: must be one of fp16, fp32, fp64
            wire.features=double            | wire.features: double: must be one of fp16, fp32, fp64
            record.features=some            | record.features: some: must be one of needed, always, never
            record.evaluation_logits=on     | record.evaluation_logits: on: must be true or false
            record.checkpoint_steps=-1      | record.checkpoint_steps: -1: must be a whole number of at least 0
            record.snapshot_steps=-1      | record.snapshot_steps: -1: must be a whole number of at least 0
            record.checkpoints_kept=0       | record.checkpoints_kept: 0: must be a whole number from 1 to 1000
            kafka.bootstrap=localhost       | kafka.bootstrap: localhost: must be embedded or HOST:PORT, for example localhost:9092
            kafka.acks=1                    | kafka.acks: 1: must be all: records are written once and in order
            kafka.group.id=g                | kafka.group.id: must be left out: Cohort reads without a consumer group and commits nothing
            kafka.replication=0             | kafka.replication: 0: must be a whole number from 1 to 16
            kafka.replicas=2                | kafka.replicas: unknown key: must be one of bootstrap, replication
            threads.torch_per_peer=0        | threads.torch_per_peer: 0: must be auto or a whole number from 1 to 1024
            threads.torch_per_peer=all      | threads.torch_per_peer: all: must be auto or a whole number from 1 to 1024
            """)
    void namesPathValueAndRange(String setting, String problem) {
        assertThat(problems(SMALLEST, setting)).containsExactly(problem);
    }

    @Test
    void namesTheKeysOfAPeer() {
        assertThat(problems(SMALLEST, "peers.0.colour=1"))
                .containsExactly(
                        "peers.0.colour: unknown key: must be one of control, device, feature_width, id, maps, model,"
                                + " pretrained, python, seed, weights");
    }

    @Test
    void reportsEverythingAtOnce() {
        assertThat(problems("""
                        run: {epochs: none, steps: 3, speed: fast}
                        data: {mode: carrier-pigeon}
                        peers:
                          - {id: a, model: resnet8}
                          - {id: a, model: resnet8}
                          - just text
                          - {id: b, control: true}
                          - {id: c, control: true}
                        elastic: {max: 1}
                        extra: {}
                        """))
                .containsExactly(
                        "run.epochs: none: must be a whole number from 1 to 1000000",
                        "run: both epochs and steps: must be one of the two: how long to train",
                        "run.speed: unknown key: must be one of batch_size, epochs, name, seed, steps",
                        "data.mode: carrier-pigeon: must be one of recipe, pixels",
                        "method.name: missing: must be the name of a method, for example one",
                        "peers.2: just text: must be a mapping of keys to values",
                        "peers.1.id: a: must be different from the ids of the other peers",
                        "peers: 2 with control: true: must be at most 1",
                        "elastic.max: 1: must be at least 2, the contributors",
                        "extra: unknown key: must be one of augment, data, elastic, kafka, method, mix, optimizer, pace,"
                                + " peers, record, run, threads, wire");
    }

    @Test
    void requiresKeysWithoutADefault() {
        assertThat(problems(""))
                .containsExactly(
                        "run: neither epochs nor steps: must be one of the two: how long to train",
                        "method.name: missing: must be the name of a method, for example one",
                        "peers: none: must be at least 1 that is not control");
        assertThat(problems("run: {epochs: 1}\nmethod: {name: dml}\npeers: [{id: c, control: true}]"))
                .containsExactly(
                        "peers: none but control: must be at least 1 that is not control",
                        "peers.0.model: missing: must be the name of a model, for example resnet8");
    }

    @Test
    void namesThePositionOfInvalidYaml() {
        assertThat(problems("run:\n  epochs: 3\n epoch: 4\n"))
                .containsExactly(
                        "experiment: line 3, column 2: expected <block end>, but found '<block mapping start>'");
        assertThat(problems("run: {epochs: 3\n"))
                .singleElement()
                .asString()
                .startsWith("experiment: line 2, column 1: expected ',' or '}'")
                .doesNotContain("\n");
        assertThat(problems("run:\n\tepochs: 3"))
                .singleElement()
                .asString()
                .startsWith("experiment: line 2, column 1: found character '\\t(TAB)'");
        assertThat(problems("run: {epochs: 1}\nrun: {epochs: 2}\n"))
                .containsExactly("experiment: line 2, column 1: key run appears twice");
        assertThat(problems("a: 1\nb: {[x] : 2}"))
                .containsExactly("experiment: line 2, column 5: a key must be a word");
        assertThat(problems("- a\n- b"))
                .containsExactly("experiment: a list: must be a mapping with keys such as run and peers");
        assertThat(problems("\u0000")).singleElement().asString().startsWith("experiment: ");
    }

    @Test
    void refusesFilesThatGrowWhenRead() {
        StringBuilder laughs = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 9; i++) {
            laughs.append("a%d: &a%d [%s]\n".formatted(i, i, ("*a" + (i - 1) + ", ").repeat(9)));
        }
        assertThat(problems(laughs.toString())).singleElement().asString().startsWith("experiment: Number of aliases");
        assertThat(problems("a: [" + "x, ".repeat(10_000) + "]"))
                .containsExactly("experiment: too large: must be at most 10000 values in 16 levels");
        assertThat(problems("a: &a [*a]")).singleElement().asString().startsWith("experiment: too large");
        assertThat(problems("[".repeat(5000))).singleElement().asString().startsWith("experiment: ");
    }

    @Test
    void neverThrowsWhateverTheFileHolds() {
        Random random = new Random(17);
        String letters = "{}[]:,-#&*!|>'\"%@`~?=\n\t ab1.0";
        for (int i = 0; i < 3000; i++) {
            StringBuilder yaml = new StringBuilder(SMALLEST);
            for (int k = 0; k <= random.nextInt(4); k++) {
                yaml.setCharAt(random.nextInt(yaml.length()), letters.charAt(random.nextInt(letters.length())));
            }
            Problems problems = new Problems();
            var experiment = ExperimentYaml.read(yaml.toString(), List.of(), problems);
            assertThat(experiment.isPresent() || !problems.none())
                    .as(yaml.toString())
                    .isTrue();
            assertThat(problems.found())
                    .allSatisfy(problem -> assertThat(problem).doesNotContain("\n"));
        }
    }

    @Test
    void namesProblemsOfTheFileItself(@TempDir Path folder) throws IOException {
        Path latin =
                Files.write(folder.resolve("latin.yaml"), "run: {name: \u00e9}".getBytes(StandardCharsets.ISO_8859_1));
        Path huge = Files.writeString(folder.resolve("huge.yaml"), "#".repeat(1 << 20) + "\n");
        Path missing = folder.resolve("missing.yaml");

        assertThat(fileProblems(missing))
                .containsExactly(missing + ": no such file: must be the YAML file of an experiment");
        assertThat(fileProblems(folder)).containsExactly(folder + ": is a folder: must be a YAML file");
        assertThat(fileProblems(latin)).containsExactly(latin + ": not text in UTF-8: must be a YAML file");
        assertThat(fileProblems(huge)).containsExactly(huge + ": 1048577 bytes: must be at most 1048576");
    }

    @Test
    void namesTheFileWithInvalidYaml(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("broken.yaml"), "run: [");
        assertThat(fileProblems(file)).singleElement().asString().startsWith(file + ": line 1, column 7: ");
    }

    private static List<String> fileProblems(Path file) {
        Problems problems = new Problems();
        assertThat(ExperimentYaml.readFile(file, List.of(), problems)).isEmpty();
        return problems.found();
    }

    private static List<String> problems(String yaml, String... settings) {
        Problems problems = new Problems();
        ExperimentYaml.read(yaml, List.of(settings), problems);
        return problems.found();
    }
}
