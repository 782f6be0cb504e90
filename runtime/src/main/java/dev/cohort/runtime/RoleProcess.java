package dev.cohort.runtime;

import dev.cohort.protocol.NodeFailure;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.vertx.core.DeploymentOptions;
import io.vertx.core.Future;
import io.vertx.core.ThreadingModel;
import io.vertx.core.Vertx;
import io.vertx.core.VertxOptions;
import io.vertx.core.file.FileSystemOptions;
import io.vertx.core.internal.VertxInternal;
import io.vertx.core.internal.threadchecker.BlockedThreadEvent;
import io.vertx.core.metrics.MetricsOptions;
import io.vertx.micrometer.MicrometerMetricsFactory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedDeque;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The shell of one process: Vert.x and its verticles, signals, faults and the exit code.
 *
 * <pre>
 * RoleProcess process = RoleProcess.start("coordinator");
 * process.closeAtEnd(log);
 * process.deploy(node);
 * process.onStop(() -&gt; process.exit(ExitCode.OK));
 * return process.await().code();
 * </pre>
 */
public final class RoleProcess implements Faults, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(RoleProcess.class);
    private static final long EVENT_LOOP_MS_MAX = 200;
    private static final long CHECK_INTERVAL_MS = 50;
    /** After a fault, the process is closed as usual if this takes no longer; else it is halted. */
    private static final long FAULT_GRACE_MS = 5000;

    private static final long STOP_GRACE_MS = 20_000;
    private static final long CLOSE_MS_MAX = 3000;
    private static final long START_MS_MAX = 120_000;

    private final String name;
    private final Vertx vertx;
    private final PrometheusMeterRegistry registry;
    private final AtomicLong eventLoopBlocks = new AtomicLong();
    /** Used by Vert.x's checker thread only. */
    private final BlockReports blockReports = new BlockReports();

    private final CompletableFuture<ExitCode> exit = new CompletableFuture<>();
    private final AtomicReference<Runnable> graceful = new AtomicReference<>(() -> exit(ExitCode.OK));
    private final AtomicBoolean stopping = new AtomicBoolean();
    private final Queue<NodeVerticle> nodes = new ConcurrentLinkedQueue<>();
    private final Deque<AutoCloseable> resources = new ConcurrentLinkedDeque<>();
    private final CountDownLatch closed = new CountDownLatch(1);

    private final Thread signalHook = new Thread(this::onSignal, "signal");

    private RoleProcess(String name) {
        this.name = name;
        this.registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
        VertxOptions options = new VertxOptions()
                .setEventLoopPoolSize(1)
                .setInternalBlockingPoolSize(2)
                .setWorkerPoolSize(2)
                .setBlockedThreadCheckInterval(CHECK_INTERVAL_MS)
                .setBlockedThreadCheckIntervalUnit(TimeUnit.MILLISECONDS)
                .setMaxEventLoopExecuteTime(EVENT_LOOP_MS_MAX)
                .setMaxEventLoopExecuteTimeUnit(TimeUnit.MILLISECONDS)
                // Nothing is served from the class path, so no cache in the temporary folder is needed.
                .setFileSystemOptions(
                        new FileSystemOptions().setFileCachingEnabled(false).setClassPathResolvingEnabled(false))
                .setMetricsOptions(new MetricsOptions().setEnabled(true));
        this.vertx = Vertx.builder()
                .with(options)
                .withMetrics(new MicrometerMetricsFactory(registry))
                .build();
    }

    /** Starts Vert.x, and watches for signals and the end of the launcher. */
    public static RoleProcess start(String name) {
        RoleProcess process = new RoleProcess(name);
        process.watch();
        return process;
    }

    private void watch() {
        ((VertxInternal) vertx).blockedThreadChecker().setThreadBlockedHandler(this::blocked);
        vertx.exceptionHandler(e -> fatal(ExitCode.BUG, "unexpected error process=" + name, e));
        Gauge.builder(Meters.EVENT_LOOP_BLOCKS.meterName(), eventLoopBlocks, AtomicLong::get)
                .register(registry);
        new JvmMemoryMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        JvmGcMetrics gc = new JvmGcMetrics();
        gc.bindTo(registry);
        closeAtEnd(gc);
        Runtime.getRuntime().addShutdownHook(signalHook);
        ParentWatch.startIfSupervised(System.getenv(), System.in, this::stop);
    }

    Vertx vertx() {
        return vertx;
    }

    /** The meters of this process. */
    public PrometheusMeterRegistry registry() {
        return registry;
    }

    /** Deploys a node on its own worker pool with one thread. */
    public void deploy(NodeVerticle node) {
        Gauge.builder(Meters.INBOX.meterName(), node, NodeVerticle::waiting)
                .tag("node", node.name())
                .register(registry);
        nodes.add(node);
        DeploymentOptions ownThread = new DeploymentOptions()
                .setThreadingModel(ThreadingModel.WORKER)
                .setWorkerPoolName("step-" + node.name())
                .setWorkerPoolSize(1)
                // A call may train or evaluate for minutes.
                .setMaxWorkerExecuteTime(1)
                .setMaxWorkerExecuteTimeUnit(TimeUnit.DAYS);
        start(vertx.deployVerticle(node, ownThread), "node " + node.name() + " cannot start");
    }

    /**
     * Serves HTTP and returns the port.
     *
     * @param address {@link HostPort#LOOPBACK} unless other machines may connect; port 0 for a free one
     * @param notReady reasons why the process is not ready, for {@code /ready}; must not block
     * @throws UncheckedIOException when the address cannot be used
     */
    public int serve(HostPort address, Supplier<List<String>> notReady) {
        HttpVerticle http = new HttpVerticle(name, address, registry, notReady);
        start(vertx.deployVerticle(http), "HTTP address " + address + " cannot be used");
        LOG.info("serves http address={}", address.with(http.port()));
        return http.port();
    }

    /** Whether a launcher restarts and ends this process. */
    public boolean supervised() {
        return ParentWatch.supervised(System.getenv());
    }

    /** Sets the action that runs once, on its own thread, when the process is asked to end (SIGTERM, or its launcher is gone). */
    public void onStop(Runnable action) {
        graceful.set(action);
    }

    /** Registers a resource to be closed when the process ends, newest first. */
    public void closeAtEnd(AutoCloseable resource) {
        resources.addFirst(resource);
    }

    /** Asks the process to end with this code; the first call counts. */
    public void exit(ExitCode code) {
        exit.complete(code);
    }

    @Override
    public void fatal(ExitCode code, String what, Throwable cause) {
        if (exit.complete(code)) {
            if (cause instanceof NodeFailure) {
                LOG.error("{} exit={}: {}", what, code.code(), cause.getMessage());
            } else {
                LOG.error("{} exit={}", what, code.code(), cause);
            }
            Thread halt = new Thread(() -> haltUnlessClosed(code), "halt");
            halt.setDaemon(true);
            halt.start();
        } else {
            LOG.debug("{}", what, cause);
        }
    }

    /** Blocks until the process is asked to end, closes everything, and returns the code to exit with. */
    public ExitCode await() {
        ExitCode code = exit.join();
        close();
        return code;
    }

    /** Number of times the event loop was found blocked. */
    public long eventLoopBlocks() {
        return eventLoopBlocks.get();
    }

    /** Stops the nodes and closes the resources of {@link #closeAtEnd}, then Vert.x, for which it waits a few seconds at most. */
    @Override
    public void close() {
        exit.complete(ExitCode.OK);
        nodes.forEach(NodeVerticle::silence);
        resources.forEach(this::closeQuietly);
        resources.clear();
        closeQuietly(() -> vertx.close().await(CLOSE_MS_MAX, TimeUnit.MILLISECONDS));
        registry.close();
        closed.countDown();
        if (Thread.currentThread() != signalHook && !stopping.get()) {
            forgetSignals();
        }
    }

    private void forgetSignals() {
        try {
            Runtime.getRuntime().removeShutdownHook(signalHook);
        } catch (IllegalStateException e) {
            LOG.debug("the JVM is already shutting down", e);
        }
    }

    private void closeQuietly(AutoCloseable resource) {
        try {
            resource.close();
        } catch (Exception e) {
            LOG.warn("not closed cleanly process={} cause={}", name, e.toString());
        }
    }

    private void start(Future<?> deployment, String problem) {
        try {
            deployment.await(START_MS_MAX, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new IllegalStateException(problem + ": timed out after " + START_MS_MAX + " ms", e);
        } catch (RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new UncheckedIOException(problem + ": " + e.getMessage(), new IOException(e));
        }
    }

    private void onSignal() {
        if (closed.getCount() > 0) {
            stop();
            try {
                if (!closed.await(STOP_GRACE_MS, TimeUnit.MILLISECONDS)) {
                    LOG.warn("did not end in time process={} grace_ms={}", name, STOP_GRACE_MS);
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private void stop() {
        if (stopping.compareAndSet(false, true)) {
            LOG.info("asked to end process={}", name);
            Thread thread = new Thread(graceful.get(), "stop");
            thread.setDaemon(true);
            thread.start();
        }
    }

    private void haltUnlessClosed(ExitCode code) {
        try {
            if (!closed.await(FAULT_GRACE_MS, TimeUnit.MILLISECONDS)) {
                Runtime.getRuntime().halt(code.code());
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void blocked(BlockedThreadEvent event) {
        String thread = event.thread().getName();
        long blockedMs = TimeUnit.NANOSECONDS.toMillis(event.duration());
        if (blockReports.isNews(thread, blockedMs)) {
            LOG.warn("thread blocked thread={} blocked_ms={}", thread, blockedMs);
        }
        if (thread.startsWith("vert.x-eventloop")) {
            eventLoopBlocks.incrementAndGet();
        }
    }
}
