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
        ConsoleCapture console = ConsoleCapture.of(words.toArray(String[]::new));
        assertThat(console.code()).as(console.toString()).isZero();
        return console;
    }

    private static JsonNode json(String line) throws IOException {
        return new ObjectMapper().readTree(line);
    }

    private static JsonNode last(ConsoleCapture console) throws IOException {
        return json(console.lines().get(console.lines().size() - 1));
    }

    @Test
    void answersScenariosBesideAReportThatShowsThem() throws IOException {
        Path page = folder.resolve("page.html");

        ConsoleCapture console = replay("--what-if", OTHER, "--report", page.toString(), "--format", "json");

        assertThat(console.lines()).hasSize(1);
        assertThat(last(console).path("scenarios")).hasSize(2);
        assertThat(last(console).path("scenarios").path(1).path("steps").asLong())
                .isEqualTo(ArchivedSample.STEPS);
        assertThat(last(console).path("report").asText()).isEqualTo(page.toString());
        assertThat(Files.readString(page)).contains("\"what_if\":\"" + OTHER + "\"", "id=\"scenarioTargets\"");
    }

    @Test
    void doesAllThatItIsAskedFor() throws IOException {
        Path tables = folder.resolve("tables");
        Path events = folder.resolve("events");
        Path page = folder.resolve("page.html");

        ConsoleCapture console = replay(
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

        assertThat(console.lines()).hasSize(3);
        assertThat(json(console.lines().get(0)).path("columns")).hasSize(1);
        assertThat(json(console.lines().get(1)).path("n").asLong()).isEqualTo(ArchivedSample.STEPS);
        assertThat(last(console).path("scenarios")).hasSize(2);
        assertThat(last(console).has("teaching")).isTrue();
        assertThat(last(console).path("report").asText()).isEqualTo(page.toString());
        assertThat(last(console).path("export").asText()).isEqualTo(tables.toString());
        assertThat(last(console).path("tensorboard").asText()).isEqualTo(events.toString());
        assertThat(tables.resolve("steps.csv")).isNotEmptyFile();
        assertThat(events).isNotEmptyDirectory();
        assertThat(page).isNotEmptyFile();
    }

    @Test
    void printsEveryRequestedPartForPeople() {
        Path page = folder.resolve("page.html");

        ConsoleCapture console =
                replay("--what-if", OTHER, "--dynamics", "--report", page.toString(), "--sql", "select 42 as answer");

        assertThat(console.out())
                .contains("what if", OTHER, "Teachers of each student", page.toString(), "answer", "1 row");
    }

    @Test
    void printsTheRowsOfAQuestionAndNothingElse() {
        ConsoleCapture console = replay("--sql", "select 42 as answer", "--format", "json");

        assertThat(console.lines()).hasSize(2).last().isEqualTo("{\"answer\":42}");
    }

    @Test
    void reportsTheSettingsOfTheRunWhenNothingIsAsked() throws IOException {
        JsonNode scenarios = last(replay("--format", "json")).path("scenarios");

        assertThat(scenarios).hasSize(1);
        assertThat(scenarios.path(0).path("steps_differing").asLong(-1)).isZero();
    }
}
