package dev.cohort.runtime;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;

class JavaErrorTest {
    private static final long HEAP = 24L << 20;

    private static JavaError of(Throwable thrown) {
        return JavaError.in(thrown, HEAP).orElseThrow();
    }

    @Test
    void namesTheSizeOfAFullHeap() {
        assertThat(of(new OutOfMemoryError("Java heap space")).sentence())
                .isEqualTo("out of memory: the heap of 24 MiB is full. Enlarge it with COHORT_JAVA_OPTS=-Xmx48m");
    }

    @Test
    void findsTheErrorBehindAnException() {
        assertThat(of(new IllegalStateException(new ExecutionException(new OutOfMemoryError("Java heap space"))))
                        .sentence())
                .startsWith("out of memory");
        assertThat(JavaError.in(new IllegalStateException("no error"), HEAP)).isEmpty();
    }

    @Test
    void doesNotBlameTheHeapForThreads() {
        assertThat(of(new OutOfMemoryError("unable to create native thread")).sentence())
                .contains("unable to create native thread", "ulimit -u")
                .doesNotContain("-Xmx");
    }

    @Test
    void namesTheFoldersOfLibrariesThatCannotBeLoaded() {
        JavaError error = of(new ExceptionInInitializerError(
                new UnsatisfiedLinkError("/tmp/libx.so: failed to map segment from shared object")));
        assertThat(error.code()).isEqualTo(ExitCode.INPUT_OUTPUT);
        assertThat(error.sentence()).contains("/tmp/libx.so", "noexec", "TMPDIR=DIR", "DJL_CACHE_DIR=DIR");
    }

    @Test
    void callsAnyOtherErrorUnexpected() {
        assertThat(of(new AssertionError("three")).code()).isEqualTo(ExitCode.BUG);
        assertThat(of(new AssertionError("three")).sentence()).contains("AssertionError: three", "--verbose");
    }
}
