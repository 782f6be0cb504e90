package dev.cohort.study.view;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Thrown when standard output can no longer be written, to end the command. */
public final class OutputClosed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** Link to the target of standard output, on Linux. */
    private static final Path DESCRIPTOR = Path.of("/proc/self/fd/1");

    private final boolean broken;

    OutputClosed(IOException cause) {
        super("standard output cannot be written (" + cause.getMessage() + ")", cause);
        // Recognised in English locales only.
        broken = String.valueOf(cause.getMessage()).contains("Broken pipe");
    }

    /** Whether standard output is a pipe whose reader has closed it; otherwise a file or device could not be written. */
    public boolean ofAPipe() {
        try {
            String to = Files.readSymbolicLink(DESCRIPTOR).toString();
            return broken || to.startsWith("pipe:") || to.startsWith("socket:");
        } catch (IOException | UnsupportedOperationException e) {
            return broken;
        }
    }
}
