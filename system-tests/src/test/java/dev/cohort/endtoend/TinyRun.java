package dev.cohort.endtoend;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** An experiment whose run takes little more than the start of its processes. */
final class TinyRun {
    /** More than one epoch, and enough to be in the middle for a while. */
    static final int STEPS = 40;

    private static final String YAML = """
            run: {name: tiny, seed: 5, steps: %d, batch_size: 16}
            data: %s
            augment: {crop_padding: 1, flip: true}
            mix: {kind: cutmix, probability: 0.7}
            method: {name: mean_logit, temperature: 2}
            optimizer: {name: sgd, learning_rate: 0.05, momentum: 0.9, schedule: {kind: cosine}}
            peers:
              - {id: p1, model: resnet8}
              - {id: p2, model: resnet8}
            # The run waits for its peers on a busy machine, too.
            pace: {on_loss: hold, gone_after_ms: 60000}
            threads: {torch_per_peer: 1}
            """;

    private TinyRun() {}

    /** Writes images and experiment into {@code folder} and returns the experiment's file. */
    static Path write(Path folder, TinyImages images) {
        String data = "{name: " + images.dataName() + ", path: \"" + images.write(folder) + "\"}";
        try {
            return Files.writeString(folder.resolve("tiny.yaml"), YAML.formatted(STEPS, data));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The words that run it in {@code shell} and end with its result as JSON. */
    static String[] words(Shell shell, TinyImages images, String... more) {
        return words(write(shell.folder(), images), more);
    }

    /** The words that run {@code experiment} and end with its result as JSON. */
    static String[] words(Path experiment, String... more) {
        List<String> words = new ArrayList<>(List.of("run", experiment.toString(), "--format", "json", "--quiet"));
        words.addAll(List.of(more));
        return words.toArray(String[]::new);
    }
}
