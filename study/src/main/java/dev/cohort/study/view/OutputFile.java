package dev.cohort.study.view;

import dev.cohort.runtime.FileFault;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A text file that a command was asked to write.
 *
 * @param option that names it
 */
public record OutputFile(String option, Path path) {
    /**
     * A file that can be written as far as one can tell; to be made before anything that takes long.
     *
     * @throws UncheckedIOException when it cannot be written; the message says why, and what to do
     */
    public static OutputFile of(String option, Path path) {
        OutputFile file = new OutputFile(option, path);
        FileFault.requireWritable(file.toString(), path);
        return file;
    }

    /** @throws UncheckedIOException when it cannot be written */
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
