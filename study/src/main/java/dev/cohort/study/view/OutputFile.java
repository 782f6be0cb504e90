package dev.cohort.study.view;

import dev.cohort.runtime.FileFault;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A text file that a command writes.
 *
 * @param option that names the file
 */
public record OutputFile(String option, Path path) {
    /**
     * Checks that a file is writable, as far as possible; call it before work that takes long.
     *
     * @throws UncheckedIOException if the file cannot be written; the message gives the reason and the remedy
     */
    public static OutputFile of(String option, Path path) {
        OutputFile file = new OutputFile(option, path);
        FileFault.requireWritable(file.toString(), path);
        return file;
    }

    /** @throws UncheckedIOException if the file cannot be written */
    public void write(String content) {
        try {
            Files.writeString(path, content);
        } catch (IOException e) {
            throw FileFault.unwritable(toString(), e);
        }
    }

    @Override
    public String toString() {
        return option + " " + path;
    }
}
