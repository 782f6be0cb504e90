package dev.cohort.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cohort.launch.RunDirectory;
import dev.cohort.launch.compare.Comparison;
import dev.cohort.launch.compare.ComparisonDirectory;
import dev.cohort.launch.compare.ComparisonPlan;
import dev.cohort.launch.compare.Planned;
import dev.cohort.launch.compare.SampleResults;
import dev.cohort.launch.local.Preparation;
import dev.cohort.runtime.ExitCode;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CompareCommandTest {
    private static final Path RUNS = Path.of("runs");

    private static final String TWO = """
            set: {run.steps: 3, run.batch_size: 32}
            seeds: [1, 2]
            variants:
              - {name: alone, set: {method.name: independent}}
              - {name: dml, set: {method.name: dml}}
            """;

    @TempDir
    private Path temp = Path.of("");

    private String errors = "";

    private int compare(String... arguments) {
        StringWriter err = new StringWriter();
        List<String> all = new ArrayList<>(List.of("compare", "--quiet", "--runs", runs().toString()));
        all.addAll(List.of(arguments));
        int code =
                Cohort.execute(new PrintWriter(new StringWriter()), new PrintWriter(err), all.toArray(String[]::new));
        errors = err.toString();
        return code;
    }

    private Path runs() {
        return temp.resolve("runs");
    }

    private String file(String yaml) throws IOException {
        return Files.writeString(temp.resolve("two.yaml"), yaml).toString();
    }

    private void assertRefused(int code, String... words) {
        assertThat(code).as(errors).isEqualTo(ExitCode.USAGE.code());
        assertThat(errors).startsWith("cohort: ").contains(words).doesNotContain("\tat ", "Exception");
        assertThat(runs()).as("nothing is left behind").doesNotExist();
    }

    @Test
    void asksWhatToCompare() {
        assertRefused(compare(), "compare-quickstart.yaml");
    }

    @Test
    void saysOnceWhatIsWrongInAllVariantsAndWhereWhatIsWrongInOne() throws IOException {
        String yaml = TWO.replace("method.name: dml", "method.name: magic, run.batch_size: 0");
        assertRefused(
                compare(file(yaml), "--set", "mix.knid=cutmix"),
                "3 problems with the comparison",
                "\n  mix.knid",
                "\n  variants.1 (dml): run.batch_size: 0",
                "\n  variants.1 (dml): method.name: magic");
    }

    @Test
    void refusesVariantsThatAreNotOnEqualTerms() throws IOException {
        String yaml = TWO.replace("method.name: dml", "method.name: dml, mix.kind: cutmix, peers.0.model: resnet14");
        assertRefused(
                compare(file(yaml)),
                "variants.1 (dml): mix.kind: cutmix: must be none as in alone",
                "variants.1 (dml): peers.0.model: resnet14: must be resnet8 as in alone",
                "equal terms");
        assertRefused(
                compare(file(TWO), "--set", "method.name=one"), "variants.1 (dml): is the same experiment as alone");
    }

    @Test
    void refusesSeedsThatAreNoneAndASeedBesideThem() throws IOException {
        assertRefused(compare(file(TWO), "--seeds", "1,1"), "seeds: [1, 1]");
        assertRefused(compare(file(TWO), "--set", "run.seed=3"), "run.seed=3", "--seeds");
    }

    @Test
    void namesAFileThatIsNotThere() {
        assertRefused(compare("nowhere.yaml"), "nowhere.yaml", "no such file");
    }

    @Test
    void checksTheComparisonsThatComeWithIt() {
        Path experiments = Path.of("..", "experiments");
        ComparisonPlan quickstart =
                ComparisonPlan.of(List.of(experiments.resolve("compare-quickstart.yaml")), List.of(), List.of(), RUNS);
        assertThat(quickstart.experiments()).hasSize(12);
        assertThat(quickstart.experiments().get(new Planned("dml", 2)))
                .contains("seed: 2", "name: dml", "on_loss: hold");
        // Its data is not here: with other data all else must be right.
        ComparisonPlan cifar = ComparisonPlan.of(
                List.of(experiments.resolve("compare-cifar100.yaml")),
                List.of("data.name=fashion-mnist", "data.path="),
                List.of(7L),
                RUNS);
        assertThat(cifar.experiments()).hasSize(4);
        assertThat(cifar.experiments().get(new Planned("one", 7))).contains("epochs: 10", "kind: cosine");
    }

    @Test
    void comparesExperimentsAsTheyAre() throws IOException {
        Path quickstart = Files.writeString(temp.resolve("mean.yaml"), Preparation.quickstart());
        Path other = Files.writeString(
                temp.resolve("pair.yaml"),
                Preparation.quickstart()
                        .replace("name: mean_logit", "name: dml")
                        .replace("name: quickstart", "name: x"));
        ComparisonPlan plan =
                ComparisonPlan.of(List.of(quickstart, other), List.of("run.steps=3"), List.of(4L, 5L), RUNS);
        assertThat(plan.experiments().keySet())
                .extracting(Planned::id)
                .containsExactly("mean-seed4", "pair-seed4", "mean-seed5", "pair-seed5");
    }

    /** A comparison all of whose runs are finished but those in {@code left}. */
    private Path finished(List<Planned> left) throws IOException {
        List<Comparison.Variant> variants = List.of(variant("alone"), variant("dml"));
        Comparison comparison = new Comparison("two", List.of(1L, 2L), variants);
        try (ComparisonDirectory directory = ComparisonDirectory.createAt(runs().resolve("two"))) {
            Map<Planned, String> experiments = new LinkedHashMap<>();
            for (Planned run : ComparisonDirectory.order(comparison)) {
                experiments.put(run, "no: experiment\n");
                if (!left.contains(run)) {
                    Files.createDirectories(directory.run(run));
                    Files.writeString(
                            directory.run(run).resolve(RunDirectory.RESULT),
                            SampleResults.of(run.variant(), run.seed(), 0.5, 0.6, 0.7, 0.5)
                                    .toString());
                }
            }
            directory.plan(comparison, "given", experiments);
            return directory.path();
        }
    }

    private static Comparison.Variant variant(String name) {
        return new Comparison.Variant(name, name, Optional.empty(), List.of());
    }

    private static JsonNode read(Path file) throws IOException {
        return new ObjectMapper().readTree(file.toFile());
    }

    @Test
    void runsNothingAgainThatIsFinished() throws IOException {
        Path directory = finished(List.of());
        Path result = directory.resolve("runs/dml-seed2").resolve(RunDirectory.RESULT);
        FileTime before = Files.getLastModifiedTime(result);
        assertThat(compare("--resume", directory.toString())).as(errors).isZero();
        assertThat(Files.getLastModifiedTime(result)).isEqualTo(before);
        JsonNode json = read(directory.resolve("comparison.json"));
        assertThat(json.path("runs_finished").asInt()).isEqualTo(4);
        assertThat(json.path("equal_terms").path("kept").asBoolean()).isTrue();
        assertThat(directory.resolve("comparison.csv")).content().hasLineCount(5);
        assertThat(directory.resolve("comparison.html")).exists();
    }

    @Test
    void continuesAfterAFailedRunAndReportsIt() throws IOException {
        Planned broken = new Planned("alone", 1);
        Path directory = finished(List.of(broken));
        assertThat(compare("--resume")).as(errors).isEqualTo(ExitCode.FAILED.code());
        JsonNode json = read(directory.resolve("comparison.json"));
        assertThat(json.path("runs_finished").asInt()).isEqualTo(3);
        assertThat(json.path("runs_planned").asInt()).isEqualTo(4);
        assertThat(directory.resolve("runs/alone-seed1"))
                .as("refused before it was begun")
                .doesNotExist();
    }

    @Test
    void goesOnOnlyAsItWasPlanned() throws IOException {
        Path directory = finished(List.of());
        assertThat(compare("--resume", directory.toString(), "--seeds", "3")).isEqualTo(ExitCode.USAGE.code());
        assertThat(errors).contains("--resume", "as it was planned");
    }
}
