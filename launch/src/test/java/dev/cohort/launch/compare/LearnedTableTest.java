package dev.cohort.launch.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.coordinator.method.Method;
import dev.cohort.coordinator.method.MethodCatalog;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Normalisation;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.study.FinalTest;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class LearnedTableTest {
    private static final String EXPERIMENT = """
            run: {name: x, steps: 30, batch_size: 16}
            method: {name: independent}
            peers: [{id: p1, model: resnet8}, {id: p2, model: resnet8}, {id: control, model: resnet8, control: true}]
            """;
    private static final Ints LABELS = Ints.of(0, 1, 0, 1);
    private static final Digest DATA = new Hasher().text("data").digest();

    /** The last test of a peer that names these classes for the four images. */
    private static FinalTest test(String peer, int... classes) {
        double[] logits = new double[2 * classes.length];
        int right = 0;
        for (int row = 0; row < classes.length; row++) {
            logits[2 * row + classes[row]] = 1;
            right += classes[row] == LABELS.get(row) ? 1 : 0;
        }
        return new FinalTest(peer, 30, right / 4.0, Optional.of(Tensor.of(DType.FLOAT32, logits, classes.length, 2)));
    }

    private static FinalTest withoutLogits(FinalTest test) {
        return new FinalTest(test.peer(), test.step(), test.accuracy(), Optional.empty());
    }

    private static LearnedTable.Source source(String name, Digest data, List<FinalTest> tests, String... settings) {
        Problems problems = new Problems();
        Experiment experiment =
                ExperimentYaml.read(EXPERIMENT, List.of(settings), problems).orElseThrow();
        assertThat(problems.found()).isEmpty();
        Manifest manifest = new Manifest(
                Manifest.PROTOCOL_VERSION,
                EXPERIMENT,
                2,
                new ImageShape(1, 2, 2),
                new Normalisation(List.of(0.5), List.of(0.25)),
                data,
                100,
                LABELS,
                Ints.of(),
                Ints.of(8, 8),
                30);
        return new LearnedTable.Source(name, manifest, experiment, tests);
    }

    private static LearnedTable.Source alone() {
        return source(
                "alone", DATA, List.of(test("control", 1, 1, 0, 1), test("p1", 1, 1, 0, 1), test("p2", 0, 1, 0, 0)));
    }

    private static LearnedTable.Source mutual(String... more) {
        List<String> settings = new ArrayList<>(List.of("method.name=dml"));
        settings.addAll(List.of(more));
        return source(
                "mutual",
                DATA,
                List.of(test("control", 1, 1, 0, 1), test("p1", 0, 1, 0, 1), test("p2", 0, 1, 0, 0)),
                settings.toArray(String[]::new));
    }

    @Test
    void aRowIsAModelAndAMethodWithItsNetworksAndTheirEnsembles() {
        LearnedTable table = LearnedTable.of(List.of(mutual(), alone()));

        assertThat(table.rows()).extracting(LearnedTable.Row::method).containsExactly("independent", "dml");
        LearnedTable.Row single = table.rows().get(0);
        assertThat(single.mean()).isEqualTo(0.75);
        assertThat(single.deviation()).hasValue(0);
        assertThat(single.ensembles()).as("undecided counts for class 0").containsExactly(0.75, 0.75);
        LearnedTable.Row distilled = table.rows().get(1);
        assertThat(distilled.learned()).isEqualTo("distilled from one another");
        assertThat(distilled.mean()).isEqualTo(0.875);
        assertThat(distilled.from())
                .containsExactly(new LearnedTable.Origin("mutual", "p1"), new LearnedTable.Origin("mutual", "p2"));
        assertThat(table.missing())
                .containsExactly(
                        "No resnet8 distilled from stored networks: name a run such as one with method.name=kd.",
                        "No resnet8 self-distilled: name a run such as one with method.name=tfkd_self.");
    }

    @Test
    void aNetworkThatWasTrainedTwiceIsCountedOnce() {
        LearnedTable table = LearnedTable.of(List.of(alone(), mutual()));

        assertThat(table.rows().get(0).networks()).isEqualTo(2);
        assertThat(table.notes())
                .contains(
                        "control of alone is the same network as p1 of alone and counted once.",
                        "control of mutual is the same network as p1 of alone and counted once.");
    }

    @Test
    void hasNoEnsemblesWithoutLogits() {
        LearnedTable.Source alone = alone();
        LearnedTable table = LearnedTable.of(List.of(source(
                "alone",
                DATA,
                alone.tests().stream().map(LearnedTableTest::withoutLogits).toList())));

        assertThat(table.rows()).singleElement().satisfies(row -> {
            assertThat(row.ensembles()).isEmpty();
            assertThat(row.networks()).isEqualTo(2);
        });
        assertThat(table.notes())
                .contains("resnet8, independent: no ensembles, since test logits are missing for p1 of alone, p2 of"
                        + " alone (record.evaluation_logits).");
    }

    @Test
    void namesUnequalTerms() {
        assertThat(LearnedTable.of(List.of(alone(), mutual())).notes())
                .noneMatch(note -> note.startsWith("Not on equal terms"));
        assertThat(LearnedTable.of(List.of(alone(), mutual("optimizer.learning_rate=0.7")))
                        .notes())
                .anySatisfy(note -> assertThat(note)
                        .startsWith("Not on equal terms: optimizer.learning_rate is ")
                        .endsWith(" in alone and 0.7 in mutual."));
    }

    @Test
    void leavesOutMethodsThatAreNotComparable() {
        LearnedTable table =
                LearnedTable.of(List.of(source("smooth", DATA, alone().tests(), "method.name=label_smoothing")));

        assertThat(table.rows())
                .as("its control peer")
                .singleElement()
                .satisfies(row -> assertThat(row.from()).containsExactly(new LearnedTable.Origin("smooth", "control")));
        assertThat(table.notes())
                .contains(
                        "The peers of smooth are left out: method label_smoothing is not comparable, it learns from no network.");
        assertThat(MethodCatalog.all().stream()
                        .map(Method::name)
                        .filter(name -> LearnedFrom.by(name).isEmpty()))
                .containsExactlyInAnyOrder(
                        "label_smoothing", "tfkd_reg", "reversed_kd", "defective_kd", "one_shared_trunk", "adaptive");
    }

    @Test
    void refusesRunsOnOtherData() {
        LearnedTable.Source other = source("other", new Hasher().text("others").digest(), alone().tests());

        assertThatThrownBy(() -> LearnedTable.of(List.of(alone(), other)))
                .isInstanceOf(CommandException.class)
                .hasMessageStartingWith("run other: its data (")
                .hasMessageContaining("differ from those of alone");
    }

    @Test
    void theReportNamesEachCellAndItsOrigin() {
        LearnedReport report = new LearnedReport(LearnedTable.of(List.of(alone(), mutual())));

        assertThat(String.join("\n", report.lines()))
                .contains(
                        "4 test images",
                        "87.5 ± 17.7 %",
                        "of 2",
                        "resnet8, distilled from one another, dml: p1, p2 of mutual.");
        assertThat(report.json()
                        .path("rows")
                        .path(1)
                        .path("from")
                        .path(0)
                        .path("run")
                        .asText())
                .isEqualTo("mutual");
        assertThat(report.json().path("missing")).hasSize(2);
    }
}
