package dev.cohort.cli.launch;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Ctrl-C, a closed terminal and {@code kill}: the first one asks for an orderly end, for which the Java machine waits; a second
 * Ctrl-C ends the process at once.
 */
public final class Interruption {
    private static final long ORDERLY_MS_MAX = 20_000;
    private static final int HALTED = 130;

    private final CountDownLatch over = new CountDownLatch(1);
    private final Runnable wake;
    private final Thread hook = new Thread(this::onShutdown, "interruption");
    private volatile boolean requested;

    private Interruption(Runnable wake) {
        this.wake = wake;
    }

    /** Listens from now on; {@code wake} is called at the first signal, by a thread of the Java machine. */
    public static Interruption listen(Runnable wake) {
        Interruption interruption = new Interruption(wake);
        Runtime.getRuntime().addShutdownHook(interruption.hook);
        return interruption;
    }

    private void onShutdown() {
        if (over.getCount() == 0) {
            return;
        }
        requested = true;
        wake.run();
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

    public boolean requested() {
        return requested;
    }

    /** Everything is in order: the process may end. */
    public void over() {
        over.countDown();
        try {
            // Whoever has many runs in one process must not keep what each of them held.
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The process is ending, and the hook with it.
        }
    }
}
