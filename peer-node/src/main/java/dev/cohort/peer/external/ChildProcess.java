package dev.cohort.peer.external;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The process of a learner. What it prints goes to the log, and its last lines into the reason of its end. */
final class ChildProcess implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ChildProcess.class);
    private static final int LINES_KEPT = 3;
    private static final int LINE_CHARS_MAX = 500;
    private static final long END_LIMIT_MS = 10_000;
    private static final long OUTPUT_LIMIT_MS = 2_000;

    private final Process process;
    private final Thread output;
    private final Deque<String> lastLines = new ArrayDeque<>();

    private ChildProcess(Process process) {
        this.process = process;
        output = new Thread(this::log, "learner-output");
        output.setDaemon(true);
        output.start();
    }

    /** @throws IllegalArgumentException when the command cannot be started */
    static ChildProcess start(ProcessBuilder builder) {
        try {
            Process process = builder.redirectErrorStream(true).start();
            process.getOutputStream().close();
            return new ChildProcess(process);
        } catch (IOException e) {
            String command = builder.command().get(0);
            throw new IllegalArgumentException(
                    "cannot start " + command + " (" + reason(e)
                            + "): install Python 3.9 or newer, or name an interpreter with python: in the experiment"
                            + " or with COHORT_PYTHON",
                    e);
        }
    }

    private static String reason(IOException e) {
        String message = String.valueOf(e.getMessage());
        return message.substring(message.lastIndexOf(", ") + 1).strip();
    }

    private void log() {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                LOG.info("learner prints line={}", line);
                keep(line);
            }
        } catch (IOException e) {
            LOG.debug("learner's output ended", e);
        }
    }

    private void keep(String line) {
        if (!line.isBlank()) {
            synchronized (lastLines) {
                lastLines.addLast(line.strip()
                        .substring(0, Math.min(LINE_CHARS_MAX, line.strip().length())));
                if (lastLines.size() > LINES_KEPT) {
                    lastLines.removeFirst();
                }
            }
        }
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** How it ended and what it printed last; waits a moment for that. */
    String obituary() {
        await(process, OUTPUT_LIMIT_MS);
        join(output);
        String end = process.isAlive() ? "closed its connection" : "ended with exit status " + process.exitValue();
        List<String> lines = lastLines();
        return end + (lines.isEmpty() ? " and printed nothing" : "; its last lines: " + String.join(" | ", lines));
    }

    List<String> lastLines() {
        synchronized (lastLines) {
            return List.copyOf(lastLines);
        }
    }

    /** Ends it at once. */
    void kill() {
        process.destroyForcibly();
        await(process, END_LIMIT_MS);
    }

    /** Waits for its end, and ends it if that takes too long. */
    @Override
    public void close() {
        if (!await(process, END_LIMIT_MS)) {
            LOG.warn("learner does not end and is killed pid={}", process.pid());
            kill();
        }
        join(output);
    }

    private static boolean await(Process process, long limitMs) {
        try {
            return process.waitFor(limitMs, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static void join(Thread thread) {
        try {
            thread.join(OUTPUT_LIMIT_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
