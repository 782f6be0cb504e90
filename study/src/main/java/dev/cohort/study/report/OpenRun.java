package dev.cohort.study.report;

import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.runtime.kafka.PlannedLog;
import dev.cohort.runtime.kafka.RawLog;
import dev.cohort.runtime.kafka.TopicPlan;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * An open log with its manifest and experiment.
 *
 * @param log with every partition that the experiment plans
 * @param directory of the run, if it is on this machine
 */
public record OpenRun(PlannedLog log, Manifest manifest, Experiment experiment, Optional<Path> directory)
        implements AutoCloseable {
    /**
     * Reads the manifest of a log.
     *
     * @param directory of the run, if it is on this machine
     * @throws CommandException if the log has no readable manifest
     */
    public static OpenRun of(RawLog log, Optional<Path> directory) {
        TreeMap<Integer, Manifest> first = new TreeMap<>();
        List<String> damage = new ArrayList<>();
        try (RecordedLog.Reading reading = log.read(Topic.RUN, 0)) {
            reading.stream().forEach(entry -> {
                if (entry instanceof RecordedLog.Said record && record.message() instanceof Manifest manifest) {
                    first.putIfAbsent(0, manifest);
                } else if (entry instanceof RecordedLog.Unreadable range) {
                    damage.add(range.place() + ": " + range.why());
                } else if (entry instanceof RecordedLog.Refused refused) {
                    damage.add(refused.rejected().detail());
                }
            });
        }
        if (first.isEmpty()) {
            log.close();
            throw new CommandException(
                    ExitCode.FAILED,
                    "run " + log.runId() + ": its log has no readable manifest, so its experiment is unknown"
                            + (damage.isEmpty() ? "" : " (" + String.join("; ", damage) + ")"));
        }
        Manifest manifest = first.firstEntry().getValue();
        Experiment experiment = ExperimentYaml.read(manifest.experiment());
        return new OpenRun(
                new PlannedLog(log, TopicPlan.of(experiment, manifest.maps())), manifest, experiment, directory);
    }

    private static void read(RecordedLog log, Topic topic, Consumer<Message> each) {
        try (RecordedLog.Reading reading = log.read(topic, 0)) {
            for (Optional<RecordedLog.Entry> entry = reading.next(); entry.isPresent(); entry = reading.next()) {
                if (entry.get() instanceof RecordedLog.Said record) {
                    each.accept(record.message());
                }
            }
        }
    }

    /** Passes every message of a topic of one partition to {@code reader}, in the order of the log. */
    public void each(Topic topic, Consumer<Message> reader) {
        read(log, topic, reader);
    }

    @Override
    public void close() {
        log.close();
    }
}
