package dev.cohort.runtime;

import java.io.IOException;
import java.io.InputStream;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Ends this process when its launcher is gone, even after {@code kill -9}: the launcher holds the other end of standard input,
 * which then ends. The process stops gracefully, and is halted after five seconds.
 */
public final class ParentWatch {
    /** Set to 1 by a launcher that holds the other end of standard input. */
    public static final String SUPERVISED = "COHORT_SUPERVISED";

    private static final long GRACE_MS = 5000;
    private static final Logger LOG = LoggerFactory.getLogger(ParentWatch.class);

    private ParentWatch() {}

    /** Starts watching if {@link #SUPERVISED} is set in {@code environment}. */
    public static void startIfSupervised(Map<String, String> environment, InputStream launcher, Runnable graceful) {
        if (supervised(environment)) {
            daemon("launcher-watch", () -> watch(launcher, graceful));
        }
    }

    /** Whether {@link #SUPERVISED} is set in {@code environment}. */
    static boolean supervised(Map<String, String> environment) {
        return "1".equals(environment.get(SUPERVISED));
    }

    private static void watch(InputStream launcher, Runnable graceful) {
        try {
            while (launcher.read() >= 0) {
                // The content has no meaning; only the end of the stream matters.
            }
        } catch (IOException e) {
            LOG.debug("standard input failed cause={}", e.toString());
        }
        LOG.warn("launcher gone, ending grace_ms={}", GRACE_MS);
        daemon("launcher-watch-halt", () -> {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(GRACE_MS));
            Runtime.getRuntime().halt(ExitCode.ORPHANED.code());
        });
        graceful.run();
    }

    private static void daemon(String name, Runnable body) {
        Thread thread = new Thread(body, name);
        thread.setDaemon(true);
        thread.start();
    }
}
