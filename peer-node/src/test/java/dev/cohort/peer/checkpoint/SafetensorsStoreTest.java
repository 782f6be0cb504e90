package dev.cohort.peer.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.peer.CheckpointStore.Checkpoint;
import dev.cohort.protocol.Positions;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsStoreTest {
    @TempDir
    private Path parent;

    private Path folder;
    private SafetensorsStore store;

    @BeforeEach
    void makeStore() {
        folder = parent.resolve("peers/p 1/checkpoints");
        store = new SafetensorsStore(folder, SafetensorsStore.KEPT);
    }

    private static Checkpoint checkpoint(long step) {
        return new Checkpoint(
                step,
                NamedTensors.of("fc.bias", Tensor.of(DType.FLOAT32, new double[] {step, -0.0, Double.NaN}, 3))
                        .with("conv1.weight", Tensor.of(DType.FLOAT64, new double[] {1.0 / 3, step}, 2, 1))
                        .with("half", Tensor.of(DType.FLOAT16, new double[] {0.5}, 1))
                        .with("scalar", Tensor.of(DType.FLOAT64, new double[] {7}))
                        .with("nothing", Tensor.of(DType.FLOAT32, new double[0], 0, 4)));
    }

    private Path fileOf(long step) {
        return folder.resolve(String.format("between-%012d.safetensors", step));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void positionsAreStoredAndCoveredByTheChecksum() throws IOException {
        Positions positions = Positions.parse("batches-0=12 outcomes-0=34 addressed-2=5");
        Checkpoint marked = new Checkpoint(1, 7, checkpoint(7).learner(), positions);
        store.save(checkpoint(6));
        store.save(marked);
        assertThat(store.newest().orElseThrow().positions()).isEqualTo(positions);
        String bytes = Files.readString(fileOf(7), StandardCharsets.ISO_8859_1);
        assertThat(bytes).contains("outcomes-0=34");
        Files.writeString(fileOf(7), bytes.replace("outcomes-0=34", "outcomes-0=35"), StandardCharsets.ISO_8859_1);
        assertThat(store.newest().orElseThrow().step()).isEqualTo(6);
        assertThat(store.notes()).singleElement().asString().contains("checksum");
    }

    @Test
    void theFirstStepIsStoredAndCoveredByTheChecksum() throws IOException {
        store.save(checkpoint(46));
        store.save(new Checkpoint(41, 47, checkpoint(47).learner(), Positions.NONE));
        assertThat(store.newest().orElseThrow().firstStep()).isEqualTo(41);
        String bytes = Files.readString(fileOf(47), StandardCharsets.ISO_8859_1);
        String entry = "\"first_step\":\"41\"";
        assertThat(bytes).contains(entry);
        Files.writeString(fileOf(47), bytes.replace(entry, "\"first_step\":\"42\""), StandardCharsets.ISO_8859_1);
        assertThat(store.newest().orElseThrow().step()).isEqualTo(46);
        assertThat(store.newest().orElseThrow().firstStep()).isEqualTo(1);
        assertThat(store.notes()).first().asString().contains("checksum");
    }

    @Test
    void anEmptyFolderHasNoCheckpoint() {
        assertThat(store.newest()).isEmpty();
        assertThat(store.notes()).isEmpty();
    }

    @Test
    void theNewestIsReadBackBitForBit() {
        store.save(checkpoint(0));
        store.save(checkpoint(12));

        assertThat(new SafetensorsStore(folder, 3).newest()).contains(checkpoint(12));
    }

    @Test
    void onlyTheLastFewAreKept() throws IOException {
        for (long step = 1; step <= 5; step++) {
            store.save(checkpoint(step * 100));
        }

        assertThat(names())
                .containsExactly(
                        "between-000000000300.safetensors",
                        "between-000000000400.safetensors",
                        "between-000000000500.safetensors");
    }

    @Test
    void evaluatedNetworksArePermanentAndTheBestHasItsOwnName() throws IOException {
        double[] accuracies = {0.5, 0.8, 0.8, 0.7};
        for (int epoch = 1; epoch <= 4; epoch++) {
            store = new SafetensorsStore(folder, 1);
            store.save(checkpoint(epoch * 100L - 50));
            store.keep(checkpoint(epoch * 100L), accuracies[epoch - 1]);
        }

        assertThat(names())
                .containsExactly(
                        "best.safetensors",
                        "between-000000000350.safetensors",
                        "step-000000000100.safetensors",
                        "step-000000000200.safetensors",
                        "step-000000000300.safetensors",
                        "step-000000000400.safetensors");
        assertThat(Files.readAllBytes(folder.resolve("best.safetensors")))
                .isEqualTo(Files.readAllBytes(folder.resolve("step-000000000200.safetensors")));
        assertThat(store.newest()).contains(checkpoint(400));
    }

    @Test
    void theNewestMayBeBetweenEvaluations() {
        store.keep(checkpoint(100), 0.5);
        store.save(checkpoint(150));

        assertThat(store.newest()).contains(checkpoint(150));
    }

    @Test
    void aDamagedBestCheckpointIsReplacedByTheNext() throws IOException {
        store.keep(checkpoint(100), 0.9);
        Files.write(folder.resolve("best.safetensors"), new byte[] {1, 2, 3});

        store.keep(checkpoint(200), 0.1);

        assertThat(Files.readAllBytes(folder.resolve("best.safetensors")))
                .isEqualTo(Files.readAllBytes(folder.resolve("step-000000000200.safetensors")));
    }

    /** Pruning reads only the names, not the contents of the files. */
    @Test
    void damagedCheckpointsArePrunedLikeOthers() throws IOException {
        for (long step = 1; step <= 3; step++) {
            store.save(checkpoint(step));
        }
        Files.write(fileOf(1), new byte[0]);

        store.save(checkpoint(4));

        assertThat(fileOf(1)).doesNotExist();
    }

    @Test
    void aStepSavedAgainIsReplaced() {
        store.save(checkpoint(5));
        Checkpoint other = new Checkpoint(5, checkpoint(6).learner());
        store.save(other);

        assertThat(store.newest()).contains(other);
    }

    @Test
    void theCheckpointJustSavedIsKeptEvenBeforeLaterSteps() {
        SafetensorsStore one = new SafetensorsStore(folder, 1);
        one.save(checkpoint(9));
        one.save(checkpoint(4));

        assertThat(fileOf(4)).exists();
    }

    @Test
    void everyTruncationFallsBackToTheOneBefore() throws IOException {
        store.save(checkpoint(1));
        store.save(checkpoint(2));
        byte[] whole = Files.readAllBytes(fileOf(2));
        for (int length = 0; length < whole.length; length++) {
            Files.write(fileOf(2), Arrays.copyOf(whole, length));
            SafetensorsStore fresh = new SafetensorsStore(folder, 3);

            assertThat(fresh.newest()).as("%d bytes", length).contains(checkpoint(1));
            assertThat(fresh.notes())
                    .singleElement()
                    .asString()
                    .startsWith("checkpoint " + fileOf(2) + " is damaged (")
                    .endsWith("falling back to the one before it");
        }
    }

    @Test
    void aFlippedBitNeverGivesAnotherCheckpoint() throws IOException {
        store.save(checkpoint(1));
        store.save(checkpoint(2));
        byte[] whole = Files.readAllBytes(fileOf(2));
        int found = 0;
        for (int i = 0; i < whole.length; i++) {
            byte[] flipped = whole.clone();
            flipped[i] ^= (byte) (1 << i % 8);
            Files.write(fileOf(2), flipped);
            Optional<Checkpoint> newest = new SafetensorsStore(folder, 3).newest();

            assertThat(newest.orElseThrow()).as("byte %d", i).isIn(checkpoint(1), checkpoint(2));
            found += newest.equals(Optional.of(checkpoint(1))) ? 1 : 0;
        }
        assertThat(found).isGreaterThan(whole.length - 20);
    }

    @Test
    void aFileWithTrailingBytesIsDamaged() throws IOException {
        store.save(checkpoint(1));
        byte[] whole = Files.readAllBytes(fileOf(1));
        Files.write(fileOf(1), Arrays.copyOf(whole, whole.length + 1));

        assertThat(store.newest()).isEmpty();
        assertThat(store.notes()).hasSize(1);
    }

    @Test
    void aRenamedFileIsDamaged() throws IOException {
        store.save(checkpoint(1));
        Files.move(fileOf(1), fileOf(2));

        assertThat(store.newest()).isEmpty();
        assertThat(store.notes()).singleElement().asString().contains("step 1: the file is named 2");
    }

    @Test
    void allDamagedCheckpointsAreSkippedAndNamed() throws IOException {
        for (long step = 1; step <= 3; step++) {
            store.save(checkpoint(step));
        }
        Files.write(fileOf(3), new byte[0]);
        Files.write(fileOf(2), new byte[] {1, 2, 3});

        assertThat(store.newest()).contains(checkpoint(1));
        assertThat(store.notes()).hasSize(2);
    }

    @Test
    void unfinishedFilesOfACrashAreIgnoredAndDeleted() throws IOException {
        Files.createDirectories(folder);
        Files.write(folder.resolve("between-000000000007.safetensors.unfinished"), new byte[100]);

        assertThat(store.newest()).isEmpty();
        store.save(checkpoint(8));
        assertThat(names()).containsExactly("between-000000000008.safetensors");
    }

    @Test
    void aFailedSaveNamesTheRemedy() throws IOException {
        Files.createDirectories(folder.getParent());
        Files.writeString(folder, "a file where the folder should be");

        assertThatThrownBy(() -> store.save(checkpoint(1)))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageStartingWith("checkpoint of step 1 cannot be written to " + folder)
                .hasMessageContaining("free disk space");
    }

    @Test
    void namesFilesAlikeInEveryLanguage() throws IOException {
        Locale before = Locale.getDefault();
        try {
            Locale.setDefault(Locale.forLanguageTag("fa-IR"));
            store.save(checkpoint(7));
        } finally {
            Locale.setDefault(before);
        }
        assertThat(names()).containsExactly("between-000000000007.safetensors");
    }
}
