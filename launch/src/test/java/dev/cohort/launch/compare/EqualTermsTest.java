package dev.cohort.launch.compare;

import static dev.cohort.launch.compare.SampleResults.row;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.runtime.config.ExperimentYaml;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class EqualTermsTest {
    private static final String EXPERIMENT = """
            run: {name: x, steps: 30, batch_size: 16}
            method: {name: mean_logit}
            peers: [{id: p1, model: resnet8}, {id: p2, model: resnet8}]
            """;

    private static EqualTerms.Named variant(String name, String... settings) {
        Problems problems = new Problems();
        Experiment experiment =
                ExperimentYaml.read(EXPERIMENT, List.of(settings), problems).orElseThrow();
        assertThat(problems.found()).isEmpty();
        return new EqualTerms.Named(new Comparison.Variant(name, name, Optional.empty(), List.of()), experiment);
    }

    private static List<String> problems(EqualTerms.Named... variants) {
        Problems problems = new Problems();
        EqualTerms.check(Arrays.asList(variants), problems);
        return problems.found();
    }

    @Test
    void allowsVariantsToDifferInMethodAndExchange() {
        assertThat(problems(
                        variant("a"),
                        variant("b", "method.name=dml", "run.name=other"),
                        variant("c", "pace.on_loss=hold"),
                        variant("d", "wire.logits=fp16")))
                .isEmpty();
    }

    @Test
    void namesEveryKeyThatIsNotEqual() {
        List<String> found = problems(
                variant("a"),
                variant("b", "method.name=dml", "run.batch_size=32", "mix.kind=cutmix"),
                variant("c", "method.name=one", "peers.1.model=resnet14", "peers.1.seed=9", "run.epochs=1"));
        assertThat(found).hasSize(6);
        assertThat(found).anyMatch(p -> p.startsWith("b: run.batch_size: 32: must be 16 as in a"));
        assertThat(found).anyMatch(p -> p.startsWith("b: mix.kind: cutmix: must be none"));
        assertThat(found).anyMatch(p -> p.startsWith("c: peers.1.model: resnet14: must be resnet8"));
        assertThat(found).anyMatch(p -> p.startsWith("c: peers.1.seed: 9"));
        assertThat(found).anyMatch(p -> p.startsWith("c: run.epochs: 1: must be missing"));
        assertThat(found).anyMatch(p -> p.startsWith("c: run.steps: missing: must be 30"));
    }

    @Test
    void refusesTheSameExperimentTwice() {
        assertThat(problems(variant("a"), variant("b", "run.name=other")))
                .singleElement()
                .asString()
                .startsWith("b: is the same experiment as a");
    }

    private static List<Row> rows() {
        List<Row> rows = new ArrayList<>();
        for (long seed = 1; seed <= 2; seed++) {
            rows.add(row("a", seed, SampleResults.of("independent", seed, 0.5, 0.5, 0.5, 0.5)));
            rows.add(row("b", seed, SampleResults.of("dml", seed, 0.5, 0.5, 0.5, 0.5)));
        }
        return rows;
    }

    @Test
    void acceptsRunsWithTheSameBatchesAndControl() {
        assertThat(EqualTerms.differences(rows())).isEmpty();
    }

    @Test
    void namesRunsWithOtherBatchesOrAnotherControl() {
        List<Row> rows = rows();
        ((ObjectNode) rows.get(1).result().path("fingerprints")).put("plan", "other");
        ((ObjectNode) rows.get(3).result().path("control")).put("weights_sha256", "other");
        assertThat(EqualTerms.differences(rows))
                .containsExactly(
                        "Seed 1: the batches (plan fingerprint) differ between a and b.",
                        "Seed 2: the weights of the control peer differ between a and b.");
    }

    @Test
    void acceptsAMethodThatNeverHasTargets() {
        List<Row> rows = rows();
        ((ObjectNode) rows.get(0).result().path("outcomes")).put("skipped", 30);
        ((ObjectNode) rows.get(0).result()).put("method", "independent");
        ((ObjectNode) rows.get(2).result().path("outcomes")).put("skipped", 30);
        ((ObjectNode) rows.get(2).result()).put("method", "dml");
        assertThat(EqualTerms.differences(rows)).containsExactly("a, seed 2: 30 of 30 steps had no targets.");
    }

    @Test
    void namesIncompleteRuns() {
        List<Row> rows = rows();
        ((ObjectNode) rows.get(0).result().path("peers").path(1)).put("steps_trained", 12);
        ((ObjectNode) rows.get(2).result().path("outcomes")).put("skipped", 3);
        ((ObjectNode) rows.get(3).result()).put("rejected_messages", 2);
        assertThat(EqualTerms.differences(rows))
                .containsExactly(
                        "a, seed 1: p2 trained 12 of 30 steps.",
                        "a, seed 2: 3 of 30 steps had no targets.",
                        "b, seed 2: 2 messages were rejected.");
    }
}
