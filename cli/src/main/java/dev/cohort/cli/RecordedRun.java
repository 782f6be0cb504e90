package dev.cohort.cli;

import dev.cohort.runtime.CommandException;
import dev.cohort.cli.launch.RunDirectory;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.runtime.archive.ArchivedLog;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.runtime.kafka.BrokerFolder;
import dev.cohort.runtime.kafka.ConsumedLog;
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
            description =
                    "Id or directory of the run, or an archive of it. Default: the newest one; with --bootstrap, an id is"
                            + " needed.")
    private Optional<String> run = Optional.empty();

    @Mixin
    private RunsFolder runs = new RunsFolder();

    @Mixin
    private BrokerOptions broker = new BrokerOptions();

    /**
     * Opens it. Nothing is written, and no broker is started.
     *
     * @throws CommandException when there is no such run or its log cannot be read
     */
    OpenRun open() {
        return open(run, runs, broker);
    }

    /**
     * Opens a run that is named in another way.
     *
     * @param run id, directory or archive; empty takes the newest one
     * @throws CommandException when there is no such run or its log cannot be read
     */
    static OpenRun open(Optional<String> run, RunsFolder runs, BrokerOptions broker) {
        Optional<Path> archive = run.map(Path::of).filter(Files::isRegularFile);
        if (archive.isPresent()) {
            if (broker.bootstrap().isPresent()) {
                throw new CommandException(
                        ExitCode.USAGE,
                        "archive " + archive.get() + " with --bootstrap: an archive is read without a broker");
            }
            return OpenRun.of(ArchivedLog.open(archive.get()), Optional.empty());
        }
        if (broker.bootstrap().isPresent()) {
            String id = run.orElseThrow(() -> new CommandException(
                    ExitCode.USAGE, "--bootstrap without RUN: name the id of the run, as 'cohort run' printed it"));
            return OpenRun.of(
                    ConsumedLog.open(new KafkaAddress(broker.bootstrap().get(), broker.client()), id),
                    Optional.empty());
        }
        return open(RunDirectory.find(runs.path(), run), broker.client());
    }

    /** Opens the run of a directory, with the client settings that it keeps. */
    static OpenRun open(RunDirectory directory) {
        return open(directory, Map.of());
    }

    /** Opens the run of a directory; {@code client} wins over the client settings that it keeps. */
    static OpenRun open(RunDirectory directory, Map<String, String> client) {
        RawLog log = directory.about().embedded()
                ? SegmentLog.open(new BrokerFolder(directory.broker()).log(), directory.id())
                : ConsumedLog.open(directory.address(client), directory.id());
        return OpenRun.of(log, Optional.of(directory.path()));
    }
}
