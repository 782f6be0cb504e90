package dev.cohort.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A run is recomputed from its log; changes of the log are found. */
@Tag("slow")
class VerifiedRunTest {
    private static final int STEPS = 12;

    @TempDir
    private Path folder = Path.of("");

    @RegisterExtension
    private final Shell shell = new Shell(() -> folder);

    private RunFolder trained(String... more) {
        String[] words = TinyRun.words(shell, TinyImages.IDX, more);
        shell.run(words).well();
        return RunFolder.await(shell);
    }

    private Ended verify(String... more) {
        List<String> words = new ArrayList<>(List.of("verify", "--format", "json", "--quiet"));
        words.addAll(List.of(more));
        return shell.run(words.toArray(String[]::new));
    }

    private void assertIsStudiedElsewhere() {
        JsonNode table = shell.run(
                        "compare", "--table", RunFolder.await(shell).path().toString(), "--format", "json")
                .well()
                .json();
        assertThat(table.path("rows").path(0).path("method").asText()).isEqualTo("one");
        assertThat(table.path("rows").path(0).path("ensembles")).hasSize(2);
        assertThat(shell.run("replay", "--tensorboard", folder.resolve("events").toString(), "--quiet")
                        .well()
                        .out())
                .contains("_ensemble", "_teacher", "p1", "p2", "tensorboard --logdir");
        assertThat(folder.resolve("events").resolve("p1")).isNotEmptyDirectory();
    }

    @Test
    void verifiesARunAndItsWeightsAndFindsWhatWasChanged() throws IOException {
        RunFolder run = trained("--steps", Integer.toString(STEPS), "--set", "method.name=one");

        JsonNode clean = verify("--weights").well().json();
        assertThat(clean.path("verified").asBoolean()).isTrue();
        assertThat(clean.path("recomputed").asInt()).isEqualTo(STEPS);
        assertThat(clean.path("weights"))
                .hasSize(2)
                .allSatisfy(w -> assertThat(w.path("equal").asBoolean()).isTrue());
        assertThat(clean.path("fingerprints")).isEqualTo(run.json("result.json").path("fingerprints"));

        assertIsStudiedElsewhere();
        String[] lines = shell.run("topic", "cat", "outcomes", "--last", "2", "--format", "json")
                .well()
                .out()
                .split("\n", -1);
        assertThat(lines[0]).contains("\"kind\":\"outcome\"", "\"step\":" + (STEPS - 1));
        JsonNode whatIf = shell.run(
                        "replay",
                        "--what-if",
                        "method=mean_logit",
                        "--what-if",
                        "temperature=1",
                        "--format",
                        "json",
                        "--quiet")
                .well()
                .json()
                .path("scenarios");
        assertThat(whatIf.path(0).path("steps_differing").asInt(-1))
                .as("its own settings")
                .isZero();
        assertThat(whatIf.path(1).path("steps_differing").asInt())
                .as("another method")
                .isEqualTo(STEPS);

        // A batch holds one record. Behind the tensors come the digest of the images and the report of the step before:
        // far less than the tensors.
        SegmentFile.that(run, "predictions", "p2").changeOneBitOfBatch(5, true);
        JsonNode changed = refused(verify());
        JsonNode first = changed.path("findings").path(0);
        assertThat(first.path("step").asInt()).isEqualTo(5);
        assertThat(first.path("peer").asText()).isEqualTo("p2");
        assertThat(first.path("field").asText()).startsWith("prediction.").contains("logits");
    }

    @Test
    void namesTheRangeThatCannotBeReadAndChecksTheRest() throws IOException {
        RunFolder run = trained("--steps", Integer.toString(STEPS));

        SegmentFile.that(run, "outcomes", "").changeOneBitOfBatch(3, false);
        JsonNode damaged = refused(verify());

        assertThat(damaged.path("steps").asInt())
                .as("outcomes that can still be read")
                .isEqualTo(STEPS - 1);
        assertThat(damaged.path("recomputed").asInt()).isEqualTo(STEPS - 1);
        assertThat(damaged.path("findings")).anySatisfy(f -> {
            assertThat(f.path("kind").asText()).isEqualTo("unreadable");
            assertThat(f.path("field").asText()).startsWith("outcomes-0 offsets ");
        });
        assertThat(damaged.path("studiable").path("steps")).hasToString("[[1,2],[4," + STEPS + "]]");
        assertThat(damaged.path("studiable")
                        .path("unreadable")
                        .path(0)
                        .path("why")
                        .asText())
                .contains("CRC");

        Ended studied =
                shell.run("replay", "--dynamics", "--format", "json", "--quiet").well();
        assertThat(studied.err()).contains("steps 1..2 and 4.." + STEPS + " of " + STEPS, "outcomes-0 offsets ");
        assertThat(studied.json().path("studiable").path("all").asBoolean(true)).isFalse();
    }

    @Test
    void anArchiveGivesTheSameAnswersAsTheRun() throws IOException {
        RunFolder run = trained("--steps", Integer.toString(STEPS));
        JsonNode verified = verify("--weights").well().json();

        shell.run("archive", run.path().toString(), "run.zip", "--with-checkpoints", "--quiet")
                .well();

        assertThat(verify("--weights", "run.zip").well().json()).isEqualTo(verified);
        assertThat(shell.run("replay", "run.zip", "--dynamics", "--format", "json", "--quiet")
                        .well()
                        .json())
                .isEqualTo(shell.run("replay", "--dynamics", "--format", "json", "--quiet")
                        .well()
                        .json());
        assertThat(shell.run("topic", "cat", "outcomes", "--run", "run.zip")
                        .well()
                        .out())
                .isEqualTo(shell.run("topic", "cat", "outcomes").well().out());

        Path archive = folder.resolve("run.zip");
        byte[] bytes = Files.readAllBytes(archive);
        String member = "topics/outcomes-0.records";
        bytes[new String(bytes, StandardCharsets.ISO_8859_1).indexOf(member) + 200] ^= 1;
        Files.write(archive, bytes);
        Ended damaged = verify("run.zip");
        assertThat(damaged.code()).isNotZero();
        assertThat(damaged.err()).contains("run.zip: member " + member + " is damaged");
    }

    @Test
    void aHealthyRunHasNoFindings() {
        trained("--steps", "120", "--set", "mix.kind=none");

        JsonNode report =
                shell.run("doctor", "--format", "json", "--quiet").well().json();

        assertThat(report.path("healthy").asBoolean()).isTrue();
        assertThat(report.path("findings"))
                .as("but notes on the machine: %s", report)
                .allSatisfy(f -> assertThat(f.path("severity").asText()).isEqualTo("note"));
        assertThat(report.path("too_short_to_judge")).isEmpty();
        assertThat(shell.run("replay", "--what-if", "temperature=5", "--quiet")
                        .well()
                        .err())
                .as("all of it can be studied")
                .isEmpty();
    }

    private static JsonNode refused(Ended verified) {
        assertThat(verified.code()).as(verified.toString()).isEqualTo(1);
        JsonNode json = verified.json();
        assertThat(json.path("verified").asBoolean(true)).isFalse();
        return json;
    }
}
