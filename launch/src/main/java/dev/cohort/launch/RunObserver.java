package dev.cohort.launch;

import dev.cohort.protocol.Topic;
import dev.cohort.runtime.Delivery;
import dev.cohort.runtime.Receiver;
import dev.cohort.runtime.RejectedRecord;
import dev.cohort.runtime.kafka.Following;
import dev.cohort.runtime.kafka.From;
import dev.cohort.runtime.kafka.RunLog;
import dev.cohort.study.view.MetricsCsv;
import dev.cohort.study.view.RunView;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Function;

/** Follows the log of a run and keeps a {@link RunView} and, if asked to, the table of metrics up to date. */
public final class RunObserver implements Receiver, AutoCloseable {
    private static final Set<Topic> TOPICS =
            Set.of(Topic.BATCHES, Topic.PREDICTIONS, Topic.OUTCOMES, Topic.MEMBERS, Topic.CONTROL, Topic.EVALUATIONS);
    /** Steps between two rows of a peer in the table of metrics. */
    private static final long METRICS_EVERY_STEPS = 10;

    /** Records read per partition: some steps, even where many peers share one. */
    private static final long RECENT_RECORDS = 64;

    private final RunView view;
    private Optional<BufferedWriter> metrics;
    private final MetricsCsv rows = new MetricsCsv(METRICS_EVERY_STEPS);
    private final Semaphore news = new Semaphore(0);
    private final CompletableFuture<Boolean> caughtUp = new CompletableFuture<>();
    private Optional<Following> following = Optional.empty();

    private RunObserver(RunView view, Optional<BufferedWriter> metrics) {
        this.view = view;
        this.metrics = metrics;
    }

    /** @param metrics file for the metrics; overwritten, since the log is read from its beginning */
    public static RunObserver follow(RunLog log, RunView view, Optional<Path> metrics) {
        return follow(log, new RunObserver(view, metrics.map(RunObserver::open)), From.BEGINNING);
    }

    /** Follows membership and control topics from the beginning, and the messages about batches from near the end. */
    public static RunObserver followMembers(RunLog log, RunView view) {
        From from = From.nearEnd(RECENT_RECORDS, Set.of(Topic.MEMBERS, Topic.CONTROL));
        return follow(log, new RunObserver(view, Optional.empty()), from);
    }

    private static RunObserver follow(RunLog log, RunObserver observer, From from) {
        observer.following = Optional.of(log.follow(TOPICS, OptionalInt.empty(), from, observer));
        return observer;
    }

    private static BufferedWriter open(Path file) {
        try {
            BufferedWriter writer = Files.newBufferedWriter(file);
            writer.write(MetricsCsv.HEADER + "\n");
            return writer;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Milliseconds on a monotonic clock. */
    public static long nowMs() {
        return TimeUnit.NANOSECONDS.toMillis(System.nanoTime());
    }

    @Override
    public synchronized boolean offer(Delivery delivery) {
        view.on(delivery.message(), nowMs(), delivery.appendedMs());
        metrics.ifPresent(writer -> append(writer, rows.rows(delivery.message(), view)));
        news.release();
        return true;
    }

    private void append(BufferedWriter writer, List<String> lines) {
        try {
            for (String line : lines) {
                writer.write(line + "\n");
                writer.flush();
            }
        } catch (IOException e) {
            // The run matters more than this table, which can be rebuilt from the log.
            metrics = Optional.empty();
            view.note(nowMs(), "metrics.csv", "no longer written: " + e.getMessage());
        }
    }

    @Override
    public void caughtUp() {
        caughtUp.complete(true);
    }

    @Override
    public synchronized void rejected(RejectedRecord rejected) {
        view.onRejectedRecord(rejected.sender(), rejected.reason() + ": " + rejected.detail(), nowMs());
        news.release();
    }

    /** Reads something from the view under its lock. */
    public synchronized <T> T read(Function<RunView, T> question) {
        return question.apply(view);
    }

    /** Changes the view by something that is not in the log. */
    public synchronized void tell(Consumer<RunView> fact) {
        fact.accept(view);
        news.release();
    }

    /** Ends {@link #awaitNews} at once. */
    public void wake() {
        news.release();
    }

    /** Waits for news since the last call, at most {@code limitMs}; false when there are none. */
    public boolean awaitNews(long limitMs) throws InterruptedException {
        boolean happened = news.tryAcquire(limitMs, TimeUnit.MILLISECONDS);
        news.drainPermits();
        return happened;
    }

    /**
     * Waits until the view has all records that existed when following began, as long as records keep arriving.
     *
     * @param silenceMax longest wait for the next record
     */
    public boolean awaitCaughtUp(Duration silenceMax) throws InterruptedException {
        return following.isPresent() && following.get().await(caughtUp, silenceMax);
    }

    @Override
    public void close() {
        following.ifPresent(Following::close);
        metrics.ifPresent(writer -> {
            try {
                writer.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }
}
