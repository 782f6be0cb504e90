package dev.cohort.launch;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C, a closed terminal and {@code kill}: the first one asks for an orderly end, for which the Java machine waits; a second
 * Ctrl-C ends the process at once.
 */
public final class Interruption implements AutoCloseable {
    private static final long ORDERLY_MS_MAX = 20_000;
    private static final int HALTED = 130;

    private final CountDownLatch over = new CountDownLatch(1);
    private final Thread hook = new Thread(this::onShutdown, "interruption");
    private volatile boolean requested;

    private Interruption() {}

    /** Listens from now on. */
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
     * Java does not tell of a signal that comes while it shuts down. A terminal sends Ctrl-C to all processes of the group, so
     * one that does nothing but wait shows it by dying.
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

    /** Whether there was a signal. Whoever works for long asks several times a second. */
    public boolean requested() {
        return requested;
    }

    /** Everything is in order and said: the process may end, and after a signal does so at once. */
    @Override
    public void close() {
        over.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is ending, and the hook with it.
        }
    }
}
