package dev.cohort.launch.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.launch.RunDirectory;
import dev.cohort.launch.compare.ComparisonDirectory.State;
import dev.cohort.runtime.CommandException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ComparisonDirectoryTest {
    private static final LocalDateTime NOW = LocalDateTime.of(2025, 1, 31, 12, 30, 5);
    private static final Planned FIRST = new Planned("alone", 1);

    @TempDir
    private Path temp = Path.of("");

    private static Comparison comparison() {
        return new Comparison("sample", List.of(1L, -2L), List.of(variant("alone"), variant("dml")));
    }

    private static Comparison.Variant variant(String name) {
        return new Comparison.Variant(name, name, Optional.empty(), List.of());
    }

    private ComparisonDirectory planned() {
        ComparisonDirectory directory = ComparisonDirectory.create(temp, "sample", NOW);
        Map<Planned, String> experiments = new LinkedHashMap<>();
        ComparisonDirectory.order(comparison()).forEach(run -> experiments.put(run, "experiment of " + run.id()));
        directory.plan(comparison(), "given", experiments);
        return directory;
    }

    private static void refuses(ThrowingCallable call, String... words) {
        assertThatThrownBy(call)
                .isInstanceOf(CommandException.class)
                .message()
                .contains(words)
                .doesNotContain("\n");
    }

    private static void put(Path run, String... files) throws IOException {
        Files.createDirectories(run);
        for (String file : files) {
            Files.writeString(run.resolve(file), "{}");
        }
    }

    @Test
    void goesThroughAllVariantsWithASeedBeforeTheNextSeed() {
        assertThat(ComparisonDirectory.order(comparison()))
                .extracting(Planned::id)
                .containsExactly("alone-seed1", "dml-seed1", "alone-seed-2", "dml-seed-2");
    }

    @Test
    void isResumedFromItsOwnFilesAlone() throws IOException {
        Path path;
        try (ComparisonDirectory directory = planned()) {
            path = directory.path();
            assertThat(path.getFileName()).hasToString("20250131-123005-compare-sample");
        }
        for (Optional<Path> named : List.of(
                Optional.<Path>empty(), Optional.of(path), Optional.of(Path.of("20250131-123005-compare-sample")))) {
            try (ComparisonDirectory again = ComparisonDirectory.resume(temp, named)) {
                assertThat(again.planned()).isEqualTo(comparison());
                assertThat(again.given()).isEqualTo("given");
                assertThat(again.experiment(FIRST)).content().isEqualTo("experiment of alone-seed1");
            }
        }
    }

    @Test
    void isHeldByOneCommandOnly() {
        try (ComparisonDirectory held = planned()) {
            refuses(
                    () -> ComparisonDirectory.resume(temp, Optional.of(held.path())),
                    "another 'cohort compare' is using it");
        }
        ComparisonDirectory.resume(temp, Optional.empty()).close();
    }

    @Test
    void takesOnlyAnEmptyDirectoryAndResumesOnlyAComparison() throws IOException {
        Path full = Files.createDirectory(temp.resolve("full"));
        Files.writeString(full.resolve("precious"), "x");
        refuses(() -> ComparisonDirectory.createAt(full), "full", "not empty", "--resume");
        refuses(
                () -> ComparisonDirectory.resume(temp, Optional.of(full)),
                "full",
                "not a comparison",
                "cohort compare");
        refuses(() -> ComparisonDirectory.resume(temp, Optional.empty()), "no comparison in");
        refuses(() -> ComparisonDirectory.resume(temp.resolve("nowhere"), Optional.empty()), "no comparison in");
    }

    @Test
    void derivesTheStateOfARunFromItsFiles() throws IOException {
        try (ComparisonDirectory directory = planned()) {
            Path run = directory.run(FIRST);
            assertThat(directory.state(FIRST)).isEqualTo(State.NEW);
            put(run, "run.json");
            assertThat(directory.state(FIRST)).as("without a log").isEqualTo(State.NEW);
            put(run, RunDirectory.METRICS);
            assertThat(directory.state(FIRST)).isEqualTo(State.BEGUN);
            directory.markFailed(FIRST, "no peer reached the end");
            assertThat(directory.state(FIRST)).as("cannot be resumed").isEqualTo(State.NEW);
            put(run, RunDirectory.RESULT);
            assertThat(directory.state(FIRST)).isEqualTo(State.FINISHED);
        }
    }

    @Test
    void renamesARunThatCannotBeResumedAndDeletesNothing() throws IOException {
        try (ComparisonDirectory directory = planned()) {
            directory.clear(FIRST);
            for (String word : List.of("one", "two")) {
                put(directory.run(FIRST), word);
                directory.clear(FIRST);
                assertThat(directory.run(FIRST)).doesNotExist();
            }
            assertThat(directory.runs().resolve("alone-seed1.unfinished1/one")).exists();
            assertThat(directory.runs().resolve("alone-seed1.unfinished2/two")).exists();
        }
    }

    @Test
    void readsFinishedRunsAndWhetherTheyWereResumed() throws IOException {
        try (ComparisonDirectory directory = planned()) {
            Planned second = new Planned("dml", -2);
            for (Planned run : List.of(FIRST, second)) {
                Files.createDirectories(directory.run(run));
                Files.writeString(
                        directory.run(run).resolve(RunDirectory.RESULT),
                        SampleResults.of("dml", run.seed(), 0.5, 0.7, 0.8, 0.4).toString());
            }
            directory.markResumed(second);
            List<Row> rows = directory.rows(comparison());
            assertThat(rows).extracting(Row::run).containsExactly(FIRST, second);
            assertThat(rows).extracting(Row::resumed).containsExactly(false, true);
            assertThat(rows.get(0).accuracy(Figure.PEERS)).hasValue(0.6);
            assertThat(rows.get(1).directory()).isEqualTo("runs/dml-seed-2");
        }
    }
}
