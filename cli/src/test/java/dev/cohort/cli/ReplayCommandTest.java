package dev.cohort.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplayCommandTest {
    private static final String OTHER = "method=kdcl_minlogit";

    @TempDir
    private Path folder = Path.of("");

    private String run = "";

    @BeforeEach
    void archive() {
        run = new ArchivedSample().write(folder.resolve("run.zip")).toString();
    }

    private ConsoleCapture replay(String... more) {
        List<String> words = new ArrayList<>(List.of("replay", run, "--quiet"));
        words.addAll(List.of(more));
        ConsoleCapture said = ConsoleCapture.of(words.toArray(String[]::new));
        assertThat(said.code()).as(said.toString()).isZero();
        return said;
    }

    private static JsonNode json(String line) throws IOException {
        return new ObjectMapper().readTree(line);
    }

    private static JsonNode last(ConsoleCapture said) throws IOException {
        return json(said.lines().get(said.lines().size() - 1));
    }

    @Test
    void answersScenariosBesideAReportThatShowsThem() throws IOException {
        Path page = folder.resolve("page.html");

        ConsoleCapture said = replay("--what-if", OTHER, "--report", page.toString(), "--format", "json");

        assertThat(said.lines()).hasSize(1);
        assertThat(last(said).path("scenarios")).hasSize(2);
        assertThat(last(said).path("scenarios").path(1).path("steps").asLong()).isEqualTo(ArchivedSample.STEPS);
        assertThat(last(said).path("report").asText()).isEqualTo(page.toString());
        assertThat(Files.readString(page)).contains("\"what_if\":\"" + OTHER + "\"", "id=\"scenarioTargets\"");
    }

    @Test
    void doesAllThatItIsAskedFor() throws IOException {
        Path tables = folder.resolve("tables");
        Path events = folder.resolve("events");
        Path page = folder.resolve("page.html");

        ConsoleCapture said = replay(
                "--what-if",
                OTHER,
                "--dynamics",
                "--report",
                page.toString(),
                "--export",
                tables.toString(),
                "--tensorboard",
                events.toString(),
                "--sql",
                "select count(*) as n from steps",
                "--format",
                "json");

        assertThat(said.lines()).hasSize(3);
        assertThat(json(said.lines().get(0)).path("columns")).hasSize(1);
        assertThat(json(said.lines().get(1)).path("n").asLong()).isEqualTo(ArchivedSample.STEPS);
        assertThat(last(said).path("scenarios")).hasSize(2);
        assertThat(last(said).has("teaching")).isTrue();
        assertThat(last(said).path("report").asText()).isEqualTo(page.toString());
        assertThat(last(said).path("export").asText()).isEqualTo(tables.toString());
        assertThat(last(said).path("tensorboard").asText()).isEqualTo(events.toString());
        assertThat(tables.resolve("steps.csv")).isNotEmptyFile();
        assertThat(events).isNotEmptyDirectory();
        assertThat(page).isNotEmptyFile();
    }

    @Test
    void tellsPeopleAllThatItIsAskedFor() {
        Path page = folder.resolve("page.html");

        ConsoleCapture said =
                replay("--what-if", OTHER, "--dynamics", "--report", page.toString(), "--sql", "select 42 as answer");

        assertThat(said.out()).contains("what if", OTHER, "Teachers of each student", page.toString(), "answer", "1 row");
    }

    @Test
    void printsTheRowsOfAQuestionAndNothingElse() {
        ConsoleCapture said = replay("--sql", "select 42 as answer", "--format", "json");

        assertThat(said.lines()).hasSize(2).last().isEqualTo("{\"answer\":42}");
    }

    @Test
    void reportsTheSettingsOfTheRunWhenNothingIsAsked() throws IOException {
        JsonNode scenarios = last(replay("--format", "json")).path("scenarios");

        assertThat(scenarios).hasSize(1);
        assertThat(scenarios.path(0).path("steps_differing").asLong(-1)).isZero();
    }
}
