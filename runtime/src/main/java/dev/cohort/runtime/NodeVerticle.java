package dev.cohort.runtime;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import dev.cohort.protocol.NodeFailure;
import io.vertx.core.Future;
import io.vertx.core.VerticleBase;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;
import java.util.function.Supplier;

/**
 * Drives one node on its own worker thread, the step thread: passes it received messages in order of arrival, calls its
 * deadlines, and appends the messages it returns. Messages and due deadlines alternate. An error thrown by the node ends the
 * process, since the node's state can no longer be trusted.
 */
public final class NodeVerticle extends VerticleBase {
    /** How long the step thread works before timers and the end of the process get their turn. */
    private static final long SLICE_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    /** Keeps the timer from spinning while the clock is stopped. */
    private static final long TIMER_MS_MIN = 5;

    private static final long TIMER_MS_MAX = TimeUnit.HOURS.toMillis(1);
    private static final long STATUS_INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final int INBOX_MESSAGES_MAX = 256;
    private static final long INBOX_BYTES_MAX = 64L << 20;

    private final Wiring wiring;
    private final Inbox inbox = new Inbox(INBOX_MESSAGES_MAX, INBOX_BYTES_MAX, this::schedule);
    private final CompletableFuture<Void> finished = new CompletableFuture<>();
    private final AtomicBoolean scheduled = new AtomicBoolean();
    private volatile boolean running;

    // Step thread only.
    private long lastNowMs = Long.MIN_VALUE;
    private OptionalLong timer = OptionalLong.empty();
    private boolean statusTimer;
    private long statusNanos = System.nanoTime() - STATUS_INTERVAL_NANOS;

    public NodeVerticle(Wiring wiring) {
        this.wiring = wiring;
    }

    /**
     * A node and its connections.
     *
     * @param name name of the step thread, also in logs
     * @param clockMs the node's time
     * @param faults receives errors of the node
     * @param status called on the step thread for an immutable snapshot, which {@link HttpVerticle} serves
     * @param finished called on the step thread: whether the node has nothing more to do
     */
    public record Wiring(
            String name,
            Node node,
            LongSupplier clockMs,
            Appender appender,
            Faults faults,
            Supplier<Status> status,
            BooleanSupplier finished) {
        /** Without status; never finished. */
        public static Wiring of(String name, Node node, LongSupplier clockMs, Appender appender, Faults faults) {
            return new Wiring(name, node, clockMs, appender, faults, () -> Status.EMPTY, () -> false);
        }

        public Wiring withStatus(Supplier<Status> supplier) {
            return new Wiring(name, node, clockMs, appender, faults, supplier, finished);
        }

        public Wiring withFinished(BooleanSupplier supplier) {
            return new Wiring(name, node, clockMs, appender, faults, status, supplier);
        }
    }

    /** Passes messages to the step thread; bounded. Accepts messages even before the verticle is deployed. */
    public Receiver inbox() {
        return inbox;
    }

    /** Number of messages that wait for the step thread. */
    public int waiting() {
        return inbox.size();
    }

    public String name() {
        return wiring.name();
    }

    /** Completes when the node is finished and all its messages have been passed to the appender. */
    public CompletionStage<Void> finished() {
        return finished.minimalCompletionStage();
    }

    @Override
    public Future<?> start() {
        running = true;
        schedule();
        return Future.succeededFuture();
    }

    @Override
    public Future<?> stop() {
        silence();
        return Future.succeededFuture();
    }

    /** Prevents further calls of the node; a failure of the current call is ignored. */
    void silence() {
        running = false;
    }

    private void schedule() {
        if (running && scheduled.compareAndSet(false, true)) {
            context.runOnContext(ignored -> slice());
        }
    }

    private void slice() {
        scheduled.set(false);
        if (!running) {
            return;
        }
        try {
            long endNanos = System.nanoTime() + SLICE_NANOS;
            boolean worked;
            do {
                worked = step();
            } while (worked && running && System.nanoTime() - endNanos < 0);
            publishStatus();
            if (worked) {
                schedule();
            } else {
                armTimer();
            }
        } catch (NodeFailure e) {
            fail(ExitCode.FAILED, "node cannot continue node=", e);
        } catch (RuntimeException | Error e) {
            fail(ExitCode.BUG, "node failed node=", e);
        }
    }

    /** Handles at most one message and one deadline; false if there was neither. */
    private boolean step() {
        Optional<Delivery> delivery = inbox.poll();
        delivery.ifPresent(d -> publish(wiring.node().onMessage(d.message(), nowMs())));
        boolean caughtUp = delivery.isEmpty() && inbox.takeCaughtUp();
        if (caughtUp) {
            publish(wiring.node().onCaughtUp(nowMs()));
        }
        boolean due = running && wiring.node().nextDeadlineMs() <= nowMs();
        if (due) {
            publish(wiring.node().onDeadline(nowMs()));
        }
        return delivery.isPresent() || caughtUp || due;
    }

    private void publish(List<Message> messages) {
        if (!messages.isEmpty()) {
            append(messages);
        }
        if (running && wiring.finished().getAsBoolean()) {
            finished.complete(null);
        }
    }

    /** A message that cannot be appended is no error of the node, but the process cannot continue without it. */
    private void append(List<Message> messages) {
        try {
            wiring.appender().append(messages);
        } catch (RuntimeException e) {
            fail(ExitCode.UNAVAILABLE, "cannot append messages node=", e);
        }
    }

    private void fail(ExitCode code, String what, Throwable cause) {
        if (running) {
            running = false;
            wiring.faults().fatal(code, what + wiring.name(), cause);
        }
    }

    private long nowMs() {
        lastNowMs = Math.max(lastNowMs, wiring.clockMs().getAsLong());
        return lastNowMs;
    }

    private void armTimer() {
        timer.ifPresent(vertx::cancelTimer);
        timer = OptionalLong.empty();
        long deadlineMs = wiring.node().nextDeadlineMs();
        if (deadlineMs != Long.MAX_VALUE) {
            long delayMs = Math.min(TIMER_MS_MAX, Math.max(TIMER_MS_MIN, deadlineMs - nowMs()));
            timer = OptionalLong.of(vertx.setTimer(delayMs, ignored -> schedule()));
        }
    }

    /** Publishes at most every 200 ms, and once more after the last change. */
    private void publishStatus() {
        long sinceNanos = System.nanoTime() - statusNanos;
        if (sinceNanos >= STATUS_INTERVAL_NANOS) {
            statusNanos = System.nanoTime();
            JsonObject figures = wiring.status().get().toJson();
            JsonObject status = new JsonObject().put("name", wiring.name()).put("figures", figures);
            vertx.eventBus().publish(HttpVerticle.STATUS_ADDRESS, status);
        } else if (!statusTimer) {
            statusTimer = true;
            long restMs = TimeUnit.NANOSECONDS.toMillis(STATUS_INTERVAL_NANOS - sinceNanos) + 1;
            vertx.setTimer(restMs, ignored -> {
                statusTimer = false;
                schedule();
            });
        }
    }
}
