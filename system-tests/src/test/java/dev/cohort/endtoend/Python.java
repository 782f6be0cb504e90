package dev.cohort.endtoend;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/** The Python that tests of networks in processes of their own start: {@code COHORT_PYTHON}, else {@code python3}. */
public final class Python {
    private static final long LIMIT_S = 300;
    private static final Map<String, Boolean> IMPORTABLE = new ConcurrentHashMap<>();

    private Python() {}

    public static String command() {
        return Optional.ofNullable(System.getenv("COHORT_PYTHON")).orElse("python3");
    }

    /** Skips the test where a package cannot be imported, unless {@code COHORT_PYTHON_REQUIRED=1}: then the test fails. */
    public static void require(String name) {
        boolean importable = IMPORTABLE.computeIfAbsent(name, Python::importable);
        if ("1".equals(System.getenv("COHORT_PYTHON_REQUIRED")) && !importable) {
            throw new AssertionError(
                    command() + " cannot import " + name + ", which COHORT_PYTHON_REQUIRED=1 requires");
        }
        assumeTrue(importable, command() + " cannot import " + name);
    }

    private static boolean importable(String name) {
        try {
            Process process = new ProcessBuilder(command(), "-c", "import " + name)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return process.waitFor(LIMIT_S, TimeUnit.SECONDS) && process.exitValue() == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new UncheckedIOException(new IOException(e));
        }
    }
}
