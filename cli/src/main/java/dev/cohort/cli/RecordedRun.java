package dev.cohort.cli;

import dev.cohort.cli.launch.LaunchException;
import dev.cohort.cli.launch.RunDirectory;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.runtime.archive.ArchivedLog;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.runtime.kafka.ConsumedLog;
import dev.cohort.runtime.kafka.EmbeddedBroker;
import dev.cohort.runtime.kafka.KafkaAddress;
import dev.cohort.runtime.kafka.PlannedLog;
import dev.cohort.runtime.kafka.RawLog;
import dev.cohort.runtime.kafka.SegmentLog;
import dev.cohort.runtime.kafka.TopicPlan;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** A run that is studied from its log: the files of its own broker, or the topics of a Kafka cluster. */
final class RecordedRun {
    @Parameters(
            arity = "0..1",
            paramLabel = "RUN",
            description = "Id or directory of the run, or an archive. Default: the newest run. With --bootstrap,"
                    + " the id is required.")
    private Optional<String> run = Optional.empty();

    @Mixin
    private RunsFolder runs = new RunsFolder();

    @Mixin
    private BrokerOptions broker = new BrokerOptions();

    /**
     * A log and what it says of itself.
     *
     * @param log with every partition that the experiment asks for
     * @param directory of the run, if it is on this machine
     */
    record Opened(PlannedLog log, Manifest manifest, Experiment experiment, Optional<Path> directory)
            implements AutoCloseable {
        /** Hands on every message of a topic of one partition, in the order of the log. */
        void each(Topic topic, Consumer<Message> reader) {
            read(log, topic, reader);
        }

        @Override
        public void close() {
            log.close();
        }
    }

    /**
     * Opens it. Nothing is written, and no broker is started.
     *
     * @throws LaunchException when there is no such run or its log cannot be read
     */
    Opened open() {
        return open(run, runs, broker);
    }

    /**
     * Opens a run that is named in another way.
     *
     * @param run id, directory or archive; empty takes the newest one
     * @throws LaunchException when there is no such run or its log cannot be read
     */
    static Opened open(Optional<String> run, RunsFolder runs, BrokerOptions broker) {
        Optional<Path> archive = run.map(Path::of).filter(Files::isRegularFile);
        if (archive.isPresent()) {
            if (broker.bootstrap().isPresent()) {
                throw new LaunchException(
                        ExitCode.USAGE,
                        "archive " + archive.get() + " with --bootstrap: an archive is read without a broker");
            }
            return opened(ArchivedLog.open(archive.get()), Optional.empty());
        }
        if (broker.bootstrap().isPresent()) {
            String id = run.orElseThrow(() -> new LaunchException(
                    ExitCode.USAGE, "--bootstrap without RUN: name the id of the run, as 'cohort run' printed it"));
            return opened(
                    ConsumedLog.open(new KafkaAddress(broker.bootstrap().get(), broker.client()), id),
                    Optional.empty());
        }
        return open(RunDirectory.find(runs.path(), run), broker.client());
    }

    /** Opens the run of a directory, with the client settings that it keeps. */
    static Opened open(RunDirectory directory) {
        return open(directory, Map.of());
    }

    /** Opens the run of a directory; {@code client} wins over the client settings that it keeps. */
    static Opened open(RunDirectory directory, Map<String, String> client) {
        RawLog log = directory.about().embedded()
                ? SegmentLog.open(EmbeddedBroker.logFolder(directory.broker()), directory.id())
                : ConsumedLog.open(directory.address(client), directory.id());
        return opened(log, Optional.of(directory.path()));
    }

    private static Opened opened(RawLog log, Optional<Path> directory) {
        TreeMap<Integer, Manifest> first = new TreeMap<>();
        List<String> damage = new ArrayList<>();
        try (RecordedLog.Reading reading = log.read(Topic.RUN, 0)) {
            reading.stream().forEach(entry -> {
                if (entry instanceof RecordedLog.Said said && said.message() instanceof Manifest manifest) {
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
            throw new LaunchException(
                    ExitCode.FAILED,
                    "run " + log.runId() + ": its log has no manifest that can be read, so nobody knows what it was"
                            + (damage.isEmpty() ? "" : " (" + String.join("; ", damage) + ")"));
        }
        Manifest manifest = first.firstEntry().getValue();
        Experiment experiment = ExperimentYaml.read(manifest.experiment());
        return new Opened(new PlannedLog(log, TopicPlan.of(experiment)), manifest, experiment, directory);
    }

    private static void read(RecordedLog log, Topic topic, Consumer<Message> each) {
        try (RecordedLog.Reading reading = log.read(topic, 0)) {
            for (Optional<RecordedLog.Entry> entry = reading.next(); entry.isPresent(); entry = reading.next()) {
                if (entry.get() instanceof RecordedLog.Said said) {
                    each.accept(said.message());
                }
            }
        }
    }
}
