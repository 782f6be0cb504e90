package dev.cohort.study.view;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Standard output takes nothing any more, so that the command may end. */
public final class OutputClosed extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What standard output is, where the system tells. */
    private static final Path DESCRIPTOR = Path.of("/proc/self/fd/1");

    private final boolean broken;

    OutputClosed(IOException cause) {
        super("standard output cannot be written (" + cause.getMessage() + ")", cause);
        // In other languages it is said in other words.
        broken = String.valueOf(cause.getMessage()).contains("Broken pipe");
    }

    /** Whether it is a pipe whose reader has gone; otherwise it is a file or device that takes no more. */
    public boolean ofAPipe() {
        try {
            String to = Files.readSymbolicLink(DESCRIPTOR).toString();
            return broken || to.startsWith("pipe:") || to.startsWith("socket:");
        } catch (IOException | UnsupportedOperationException e) {
            return broken;
        }
    }
}
