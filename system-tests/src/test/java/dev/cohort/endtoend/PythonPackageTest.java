package dev.cohort.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The Python package passes its own tests, where pytest and PyTorch can be imported. */
@Tag("slow")
class PythonPackageTest {
    @TempDir
    private Path folder = Path.of("");

    @RegisterExtension
    private final Shell shell = new Shell(() -> folder);

    @Test
    void passesItsTests() throws IOException {
        Python.require("numpy");
        Python.require("torch");
        Python.require("pytest");
        Path tests = Product.HOME.resolve("python/tests");
        Ended ended = shell.end(shell.start(
                "pytest",
                List.of(Python.command(), "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider", tests.toString()),
                Map.of("PYTHONPATH", Product.HOME.resolve("python").toString(), "OMP_NUM_THREADS", "1")));
        assertThat(ended.code()).as(ended.toString()).isZero();
        assertThat(ended.out()).contains(" passed");
    }
}
