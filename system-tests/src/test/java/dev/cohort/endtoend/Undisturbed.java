package dev.cohort.endtoend;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Two equal, undisturbed runs, started at the same time in one folder before the first test of a class. */
final class Undisturbed implements BeforeAllCallback {
    private final List<Ended> ended = new ArrayList<>();
    private final List<String> directories = new ArrayList<>();

    @Override
    public void beforeAll(ExtensionContext context) throws IOException {
        Path folder = Files.createTempDirectory("undisturbed");
        try (Shell shell = new Shell(() -> folder)) {
            String[] words = TinyRun.words(shell, TinyImages.IDX);
            List<Started> both = List.of(shell.start(words), shell.start(words));
            both.forEach(one -> ended.add(shell.end(one)));
            RunFolder.in(shell.runs()).forEach(r -> directories.add(r.path().toString()));
            if (ended.stream().anyMatch(e -> e.code() != 0)) {
                throw new AssertionError("an undisturbed run failed\n" + shell.output());
            }
        } finally {
            Folders.delete(folder);
        }
    }

    Ended first() {
        return ended.get(0);
    }

    Ended second() {
        return ended.get(1);
    }

    List<String> directories() {
        return List.copyOf(directories);
    }

    /** Final weights by peer. */
    Map<String, String> weights() {
        return first().weights();
    }

    JsonNode fingerprints() {
        return first().json().path("fingerprints");
    }
}
