package dev.cohort.runtime;

import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.VerticleBase;
import java.util.List;
import java.util.function.Supplier;

/** {@code /health}, {@code /ready}, {@code /status} and {@code /metrics} of a process. */
public final class HttpVerticle extends VerticleBase {
    /** Event bus address to which the parts of a process publish what they say about themselves. */
    static final String STATUS_ADDRESS = "cohort.status";

    /** Loopback: nobody else may ask. */
    public static final String LOOPBACK = "127.0.0.1";

    private final String host;
    private final int wantedPort;
    private volatile int boundPort;

    /**
     * @param wantedPort port to listen on, 0 for a free one
     * @param notReady asked on each call of {@code /ready} for the reasons why the process is not ready; must not block
     */
    public HttpVerticle(
            String host, int wantedPort, PrometheusMeterRegistry registry, Supplier<List<String>> notReady) {
        this.host = host;
        this.wantedPort = wantedPort;
    }

    /** The port it listens on, once deployed. */
    public int port() {
        if (boundPort == 0) {
            throw new IllegalStateException("port of " + host + ":" + wantedPort + ": known once deployed");
        }
        return boundPort;
    }
}
