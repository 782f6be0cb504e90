package dev.cohort.runtime;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.Vertx;
import java.util.List;
import java.util.function.Supplier;

/** The shell of one process: Vert.x, verticles, signals, exit code. */
@SuppressWarnings("DoNotCallSuggester")
public final class RoleProcess implements Faults, AutoCloseable {
    private RoleProcess() {}

    /** Starts Vert.x; {@code name} is for logs. */
    public static RoleProcess start(String name) {
        throw new UnsupportedOperationException(name);
    }

    public Vertx vertx() {
        throw new UnsupportedOperationException();
    }

    public PrometheusMeterRegistry registry() {
        throw new UnsupportedOperationException();
    }

    /** Deploys on a worker pool of its own with one thread. */
    public void deploy(NodeVerticle node) {
        throw new UnsupportedOperationException();
    }

    /** Serves HTTP and returns the port. */
    public int serve(String host, int port, Supplier<List<String>> notReady) {
        throw new UnsupportedOperationException();
    }

    /** Run once, on a thread of its own, when the process is asked to end (SIGTERM, or its launcher is gone). */
    public void onStop(Runnable graceful) {
        throw new UnsupportedOperationException();
    }

    /** Closed after the verticles when the process ends, newest first. */
    public void closeAtEnd(AutoCloseable resource) {
        throw new UnsupportedOperationException();
    }

    /** Asks the process to end with this code; the first call counts. */
    public void exit(ExitCode code) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void fatal(ExitCode code, String what, Throwable cause) {
        throw new UnsupportedOperationException();
    }

    /** Blocks until the process is asked to end, closes everything, and returns the code to exit with. */
    public ExitCode await() {
        throw new UnsupportedOperationException();
    }

    /** How often the event loop was found blocked. */
    public long eventLoopBlocks() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException();
    }
}
