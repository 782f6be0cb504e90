package dev.cohort.endtoend;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A started process and the files with its output.
 *
 * @param line what was called, for people
 */
record Started(String line, Process process, Path out, Path err) {
    /** As Ctrl-C does. */
    void interrupt() {
        signal(process.pid(), "INT");
    }

    /** @param name without its SIG */
    static void signal(long pid, String name) {
        try {
            // The shell's built-in kill: the program is not installed everywhere.
            int code = new ProcessBuilder("/bin/sh", "-c", "kill -" + name + " " + pid)
                    .start()
                    .waitFor();
            if (code != 0) {
                throw new IllegalStateException("no SIG" + name + " to process " + pid + ": kill ended with " + code);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while sending SIG" + name + " to process " + pid, e);
        }
    }

    /** As {@code kill -9}. */
    void kill() {
        process.destroyForcibly();
    }

    /** How it ended; it must have. */
    Ended ended() {
        return new Ended(line, process.exitValue(), text(out), text(err));
    }

    /** The content of a file, whatever its encoding. */
    static String text(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String toString() {
        String state = process.isAlive() ? "runs" : "exit " + process.exitValue();
        return "=== " + line + " (" + state + ")\n--- out\n" + text(out) + "--- err\n" + text(err);
    }
}
