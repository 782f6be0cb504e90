package dev.cohort.endtoend;

import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.TestImages;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.Delivery;
import dev.cohort.runtime.Receiver;
import dev.cohort.runtime.kafka.From;
import dev.cohort.runtime.kafka.KafkaAddress;
import dev.cohort.runtime.kafka.RunLog;
import dev.cohort.runtime.kafka.RunLogException;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;

/** Progress of a run by its log, which these tests wait for instead of the clock. */
final class LogWatch implements Receiver, AutoCloseable {
    private final Shell shell;
    private final RunLog log;
    private final Map<String, Left> left = new TreeMap<>();
    private long batches;
    private long testImages;
    private long step;
    private List<String> contributors = List.of();
    private String coordinator = "";

    private LogWatch(Shell shell, RunLog log) {
        this.shell = shell;
        this.log = log;
    }

    /** Follows the only run of a shell from its beginning, as soon as it has one. */
    static LogWatch follow(Shell shell) {
        RunFolder run = RunFolder.await(shell);
        return follow(shell, run.broker(), run.id());
    }

    static LogWatch follow(Shell shell, KafkaAddress broker, String run) {
        RunLog log = RunLog.connect(broker, run, "watch", (code, what, cause) -> {
            throw new AssertionError(what, cause);
        });
        LogWatch watch = new LogWatch(shell, log);
        shell.await("topics of run " + run, watch::topicsThere);
        log.follow(
                EnumSet.of(Topic.BATCHES, Topic.OUTCOMES, Topic.MEMBERS, Topic.TEST_BATCHES),
                OptionalInt.empty(),
                From.BEGINNING,
                watch);
        return watch;
    }

    private boolean topicsThere() {
        try {
            return log.exists();
        } catch (RunLogException e) {
            // The broker is starting.
            return false;
        }
    }

    @Override
    public synchronized boolean offer(Delivery delivery) {
        if (delivery.message() instanceof Batch batch) {
            batches = Math.max(batches, batch.step());
        } else if (delivery.message() instanceof TestImages images) {
            testImages += images.images().count();
        } else if (delivery.message() instanceof Outcome outcome && outcome.step() > step) {
            step = outcome.step();
            coordinator = outcome.coordinator();
            contributors =
                    outcome.contributors().stream().map(c -> c.peer().value()).toList();
        } else if (delivery.message() instanceof Left gone) {
            left.put(gone.peer().value(), gone);
        }
        return true;
    }

    /** The newest step with an outcome. */
    synchronized long step() {
        return step;
    }

    synchronized long batches() {
        return batches;
    }

    synchronized long testImages() {
        return testImages;
    }

    /** Contributors of the newest outcome. */
    synchronized List<String> contributors() {
        return contributors;
    }

    /** Coordinator of the newest outcome. */
    synchronized String coordinator() {
        return coordinator;
    }

    /** The leaves of peers. */
    synchronized Map<String, Left> left() {
        return Map.copyOf(left);
    }

    /** Waits until {@code more} further steps have an outcome. */
    void awaitSteps(long more) {
        awaitStep(step() + more);
    }

    /** Waits until a step has an outcome. */
    void awaitStep(long goal) {
        shell.await("outcome of step " + goal, () -> step() >= goal);
    }

    @Override
    public void close() {
        log.close();
    }
}
