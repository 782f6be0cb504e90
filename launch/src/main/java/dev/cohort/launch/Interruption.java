package dev.cohort.launch;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Handles Ctrl-C, a closed terminal and {@code kill}: the first signal asks for an orderly end, for which the JVM waits; a
 * second Ctrl-C ends the process at once.
 */
public final class Interruption implements AutoCloseable {
    private static final long ORDERLY_MS_MAX = 20_000;
    private static final int HALTED = 130;

    private final CountDownLatch over = new CountDownLatch(1);
    private final Thread hook = new Thread(this::onShutdown, "interruption");
    private volatile boolean requested;

    private Interruption() {}

    /** Handles signals from now on. */
    public static Interruption listen() {
        Interruption interruption = new Interruption();
        Runtime.getRuntime().addShutdownHook(interruption.hook);
        return interruption;
    }

    private void onShutdown() {
        if (over.getCount() == 0) {
            return;
        }
        requested = true;
        Optional<Process> canary = canary();
        try {
            if (!over.await(ORDERLY_MS_MAX, TimeUnit.MILLISECONDS)) {
                Runtime.getRuntime().halt(HALTED);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            over.countDown();
            canary.ifPresent(Process::destroy);
        }
    }

    /**
     * Java does not report a signal that arrives during its shutdown. A terminal sends Ctrl-C to all processes of the group, so
     * the death of a child that only waits reveals the second one.
     */
    private Optional<Process> canary() {
        try {
            Process process = new ProcessBuilder("/bin/sh", "-c", "exec cat > /dev/null").start();
            var unused = process.onExit().thenRun(() -> {
                if (over.getCount() > 0) {
                    Runtime.getRuntime().halt(HALTED);
                }
            });
            return Optional.of(process);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    /** Whether a signal has arrived. Long operations check several times a second. */
    public boolean requested() {
        return requested;
    }

    /** All work is done and all output written: the process may end, and after a signal does so at once. */
    @Override
    public void close() {
        over.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The JVM is already shutting down.
        }
    }
}
