package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.protocol.PeerId;
import dev.cohort.runtime.config.ExperimentYaml;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PairEntryTest {
    @Test
    void readsPeersTensorLossAndWeight() {
        assertThat(PairEntry.all("p1+resnet20-w60.b logits dml 0.5; all  map/last l2; a+b+c features l2 1e-2"))
                .containsExactly(
                        new PairEntry(
                                List.of(new PeerId("p1"), new PeerId("resnet20-w60.b")), "logits", PairLoss.DML, 0.5),
                        new PairEntry(List.of(), "map/last", PairLoss.L2, 1),
                        new PairEntry(
                                List.of(new PeerId("a"), new PeerId("b"), new PeerId("c")),
                                "features",
                                PairLoss.L2,
                                0.01));
    }

    @Test
    void isWrittenAsItIsRead() {
        for (String text : List.of("p1+p2 logits kl 0.5", "all map/stage-1.b at 1.0")) {
            assertThat(PairEntry.all(text)).hasToString("[" + text + "]");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "p1+p2 logits, 'p1+p2 logits: must be PEERS TENSOR LOSS [WEIGHT], such as p1+p2 logits dml 1.0'",
        "'', 'empty: must be PEERS TENSOR LOSS [WEIGHT], such as p1+p2 logits dml 1.0'",
        "all logits dml 1 2, 'all logits dml 1 2: must be PEERS TENSOR LOSS [WEIGHT], such as p1+p2 logits dml 1.0'",
        "p1 logits dml, 'p1 logits dml: peers p1: must be all, or two or more different ids of peers joined by +, such as p1+p2'",
        "p1+p1 logits dml, 'p1+p1 logits dml: peers p1+p1: must be all, or two or more different ids of peers joined by +, such"
                + " as p1+p2'",
        "p1+ logits dml, 'p1+ logits dml: peers p1+: must be all, or two or more different ids of peers joined by +, such as"
                + " p1+p2'",
        "all map dml, 'all map dml: tensor map: must be logits, features or map/NAME, such as map/last'",
        "all map/ l2, 'all map/ l2: tensor map/: must be logits, features or map/NAME, such as map/last'",
        "all logits mse, 'all logits mse: loss mse of logits: must be one of dml of logits, kl of logits, l2 of logits, features"
                + " and maps, at of maps'",
        "all features dml, 'all features dml: loss dml of features: must be one of dml of logits, kl of logits, l2 of logits,"
                + " features and maps, at of maps'",
        "all logits at, 'all logits at: loss at of logits: must be one of dml of logits, kl of logits, l2 of logits, features"
                + " and maps, at of maps'",
        "all logits dml -1, 'all logits dml -1: weight -1: must be a number from 0 to 1000000'",
        "all logits dml 0x1p3, 'all logits dml 0x1p3: weight 0x1p3: must be a number from 0 to 1000000'"
    })
    void namesTheEntryTheValueAndWhatIsAllowed(String entry, String problem) {
        Problems problems = new Problems();

        MethodCatalog.validate(
                new Experiment.Method("pairs", Map.of("pairs", "all logits dml; " + entry)), problems, "method");

        assertThat(problems.found()).containsExactly("method.pairs.1: " + problem);
    }

    @Test
    void hasALimitedNumberOfEntries() {
        Problems problems = new Problems();

        PairEntry.note(String.join(";", Collections.nCopies(65, "all logits dml")), problems, "method.pairs");

        assertThat(problems.found()).containsExactly("method.pairs: 65 entries: must be at most 64");
    }

    @Test
    void namesPeersThatContribute() {
        Problems problems = new Problems();
        Experiment experiment = ExperimentYaml.read("""
                run: {epochs: 1}
                method:
                  name: pairs
                  pairs:
                    - p1+p2 logits dml
                    - p1+p3 map/last l2 0.5
                    - watcher+p2+p4 features l2
                    - all logits kl
                peers:
                  - {id: p1, model: resnet8}
                  - {id: p2, model: resnet8}
                  - {id: watcher, model: resnet8, control: true}
                """);

        MethodCatalog.validate(experiment, problems);

        String must = ": must be one of p1, p2, the peers without control, or all";
        assertThat(problems.found())
                .containsExactly(
                        "method.pairs.1: p1+p3 map/last l2 0.5: peer p3" + must,
                        "method.pairs.2: watcher+p2+p4 features l2: peer watcher" + must,
                        "method.pairs.2: watcher+p2+p4 features l2: peer p4" + must);
    }

    @Test
    void reportsABadEntryOnceBesideUnknownPeers() {
        Problems problems = new Problems();
        Experiment experiment = ExperimentYaml.read("""
                run: {epochs: 1}
                method: {name: pairs, pairs: all logits huh; p1+p9 logits dml}
                peers: [{id: p1, model: resnet8}]
                """);

        MethodCatalog.validate(experiment, problems);

        assertThat(problems.found()).hasSize(2);
        assertThat(problems.found().get(0)).startsWith("method.pairs.0: all logits huh: loss huh of logits");
        assertThat(problems.found().get(1)).startsWith("method.pairs.1: p1+p9 logits dml: peer p9");
    }
}
