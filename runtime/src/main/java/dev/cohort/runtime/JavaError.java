package dev.cohort.runtime;

import java.util.Optional;
import java.util.stream.Stream;

/**
 * Explains an error of the Java runtime to the user of a command, with what to do about it.
 *
 * @param code exit code of the command
 */
public record JavaError(ExitCode code, String sentence) {
    private static final int MIB = 1 << 20;
    private static final String LIBRARIES =
            ": the folder into which it is unpacked may be full or mounted noexec. Choose another"
                    + " with TMPDIR=DIR, for PyTorch with DJL_CACHE_DIR=DIR";

    /** The innermost {@link Error} among the causes of {@code thrown}; {@code heapBytesMax} is the limit of this process. */
    public static Optional<JavaError> in(Throwable thrown, long heapBytesMax) {
        return Stream.iterate(
                        Optional.of(thrown),
                        Optional::isPresent,
                        one -> one.flatMap(t -> Optional.ofNullable(t.getCause())))
                .flatMap(Optional::stream)
                .filter(Error.class::isInstance)
                .reduce((outer, inner) -> inner)
                .map(error -> of((Error) error, thrown, heapBytesMax));
    }

    private static JavaError of(Error error, Throwable thrown, long heapBytesMax) {
        String detail = String.valueOf(error.getMessage());
        if (error instanceof OutOfMemoryError) {
            long mib = heapBytesMax / MIB;
            return new JavaError(
                    ExitCode.FAILED,
                    detail.contains("heap") || detail.contains("GC overhead")
                            ? "out of memory: the heap of " + mib
                                    + " MiB is full. Enlarge it with COHORT_JAVA_OPTS=-Xmx" + 2 * mib + "m"
                            : "out of memory: " + detail
                                    + ". Free memory on this machine, or allow more processes and threads"
                                    + " (ulimit -u)");
        } else if (error instanceof StackOverflowError) {
            return new JavaError(
                    ExitCode.FAILED,
                    "stack overflow: something is nested too deeply. Enlarge the stack with COHORT_JAVA_OPTS=-Xss8m");
        } else if (error instanceof UnsatisfiedLinkError || thrown instanceof ExceptionInInitializerError) {
            return new JavaError(ExitCode.INPUT_OUTPUT, "a library cannot be loaded (" + detail + ")" + LIBRARIES);
        } else if (error instanceof NoClassDefFoundError) {
            return new JavaError(
                    ExitCode.INPUT_OUTPUT,
                    "part of the program is missing (" + detail + "): rebuild it, and not while it runs");
        }
        return new JavaError(
                ExitCode.BUG,
                "unexpected " + error.getClass().getSimpleName() + ": " + detail
                        + " (run it with --verbose to see where)");
    }
}
