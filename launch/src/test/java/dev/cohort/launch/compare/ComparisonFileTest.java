package dev.cohort.launch.compare;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.experiment.Problems;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComparisonFileTest {
    private static final String TWO = """
            base: base.yaml
            seeds: [5, 6]
            set: {run.epochs: 2, optimizer.weight_decay: 5e-4, peers: [{id: p1, model: resnet8}]}
            variants:
              - {name: alone, set: {method.name: independent}}
              - name: warm
                base: sub/other.yaml
                set: {method.name: mean_logit, method.temperature: 4, method.self: false}
            """;

    @TempDir
    private Path temp = Path.of("");

    private final Problems problems = new Problems();

    private Path write(String yaml) throws IOException {
        return Files.writeString(temp.resolve("compare-two.yaml"), yaml);
    }

    private Optional<Comparison> read(String yaml, String... settings) throws IOException {
        return ComparisonFile.read(write(yaml), List.of(settings), problems);
    }

    private Comparison good(String yaml, String... settings) throws IOException {
        Optional<Comparison> comparison = read(yaml, settings);
        assertThat(problems.found()).isEmpty();
        return comparison.orElseThrow();
    }

    @Test
    void readsVariantsSeedsAndCommonSettings() throws IOException {
        Comparison comparison = good(TWO);
        assertThat(comparison.name()).isEqualTo("two");
        assertThat(comparison.seeds()).containsExactly(5L, 6L);
        Comparison.Variant alone = comparison.variants().get(0);
        assertThat(alone.name()).isEqualTo("alone");
        assertThat(alone.base()).contains(temp.toAbsolutePath().resolve("base.yaml"));
        assertThat(alone.settings())
                .containsExactly(
                        "run.epochs=2",
                        "optimizer.weight_decay=5.0E-4",
                        "peers=[{\"id\":\"p1\",\"model\":\"resnet8\"}]",
                        "method.name=independent");
        Comparison.Variant warm = comparison.variants().get(1);
        assertThat(warm.base()).contains(temp.toAbsolutePath().resolve("sub/other.yaml"));
        assertThat(warm.settings()).endsWith("method.name=mean_logit", "method.temperature=4", "method.self=false");
    }

    @Test
    void hasDefaultsForAllButTheVariants() throws IOException {
        Comparison comparison = good("variants: [{name: a}]");
        assertThat(comparison.seeds()).isEqualTo(ComparisonFile.SEEDS);
        assertThat(comparison.variants().get(0).base()).as("the quickstart").isEmpty();
    }

    @Test
    void appliesSettingsToEveryVariant() throws IOException {
        Comparison comparison = good(TWO, "run.batch_size=32", "run.steps=3");
        assertThat(comparison.variants())
                .allSatisfy(v -> assertThat(v.settings())
                        .endsWith("run.batch_size=32", "run.steps=3")
                        .as("epochs, which steps replace")
                        .noneMatch(s -> s.startsWith("run.epochs")));
    }

    @Test
    void appliesSettingsToTheComparisonItself() throws IOException {
        Comparison comparison = good(
                TWO,
                "seeds=[7]",
                "name=mine",
                "variants.0.name=solo",
                "variants.1.set.method.temperature=9",
                "set.run.epochs=1");
        assertThat(comparison.name()).isEqualTo("mine");
        assertThat(comparison.seeds()).containsExactly(7L);
        assertThat(comparison.variants().get(0).name()).isEqualTo("solo");
        assertThat(comparison.variants().get(1).settings()).contains("method.temperature=9", "run.epochs=1");
    }

    @Test
    void reportsAllProblemsAtOnceWithTheirPaths() throws IOException {
        assertThat(read("""
                        nmae: x
                        base: [1]
                        seeds: [1, 1, x]
                        set: {run.seed: 3}
                        variants:
                          - {name: "a b"}
                          - {name: ok, sett: {}}
                          - {name: OK, set: 5}
                          - {set: {method.name: dml}}
                          - 7
                        """, "variants.9.name=x")).isEmpty();
        assertThat(problems.found())
                .satisfiesExactlyInAnyOrder(
                        p -> assertThat(p).startsWith("--set variants.9.name: no such key"),
                        p -> assertThat(p).startsWith("nmae: unknown key: must be one of base, name, seeds"),
                        p -> assertThat(p).startsWith("base: a list: must be the YAML file"),
                        p -> assertThat(p).startsWith("set.run.seed: 3: must be left out"),
                        p -> assertThat(p).startsWith("seeds.2: x: must be a whole number"),
                        p -> assertThat(p).startsWith("variants.0.name: a b: must be 1 to 32"),
                        p -> assertThat(p).startsWith("variants.1.sett: unknown key"),
                        p -> assertThat(p).startsWith("variants.2.name: OK: must be different"),
                        p -> assertThat(p).startsWith("variants.2.set: 5: must be a mapping"),
                        p -> assertThat(p).startsWith("variants.3.name: missing"),
                        p -> assertThat(p).startsWith("variants.4: 7: must be a mapping"));
    }

    @Test
    void locatesBrokenYaml() throws IOException {
        assertThat(read("variants:\n  - {name: a\nseeds: [1]\n")).isEmpty();
        assertThat(problems.found()).singleElement().asString().contains("compare-two.yaml", "line ");
        Problems twice = new Problems();
        ComparisonFile.read(write("seeds: [1]\nseeds: [2]\nvariants: [{name: a}]\n"), List.of(), twice);
        assertThat(twice.found()).singleElement().asString().contains("line 2", "seeds");
    }

    @Test
    void refusesDuplicateSeedsAndNoSeed() throws IOException {
        for (String seeds : List.of("[1, 2, 1]", "[]", "3")) {
            Problems own = new Problems();
            ComparisonFile.read(write("variants: [{name: a}]"), List.of("seeds=" + seeds), own);
            assertThat(own.found())
                    .singleElement()
                    .asString()
                    .startsWith("seeds: " + seeds + ": must be a list of 1 to 100 different whole numbers");
        }
    }

    @Test
    void requiresVariants() throws IOException {
        read("seeds: [1]");
        assertThat(problems.found()).singleElement().asString().startsWith("variants: missing: must be a list");
    }

    @Test
    void distinguishesAComparisonFromAnExperiment() throws IOException {
        assertThat(ComparisonFile.is(write(TWO))).isTrue();
        assertThat(ComparisonFile.is(write("run: {steps: 3}\nmethod: {name: dml}\n")))
                .isFalse();
        assertThat(ComparisonFile.is(temp.resolve("nowhere.yaml"))).isFalse();
    }

    @Test
    void takesExperimentsAsVariantsNamedAfterTheirFiles() {
        List<Path> files = List.of(temp.resolve("one.yaml"), temp.resolve("two.yaml"));
        Comparison comparison = ComparisonFile.ofExperiments(files, List.of("run.steps=3"), problems)
                .orElseThrow();
        assertThat(comparison.variants()).extracting(Comparison.Variant::name).containsExactly("one", "two");
        assertThat(comparison.variants().get(1).base()).contains(files.get(1));
        assertThat(comparison.variants().get(1).settings()).containsExactly("run.steps=3");
        assertThat(ComparisonFile.ofExperiments(
                        List.of(Path.of("a/one.yaml"), Path.of("b/One.yaml")), List.of(), problems))
                .isEmpty();
        assertThat(problems.found()).singleElement().asString().contains("b", "named differently");
    }
}
