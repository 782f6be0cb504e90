package dev.cohort.launch;

import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.archive.ArchivedLog;
import dev.cohort.runtime.kafka.BrokerFolder;
import dev.cohort.runtime.kafka.ConsumedLog;
import dev.cohort.runtime.kafka.KafkaAddress;
import dev.cohort.runtime.kafka.RawLog;
import dev.cohort.runtime.kafka.SegmentLog;
import dev.cohort.study.report.OpenRun;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/** A run and how to reach it: the one place that interprets what users write for a run. */
public sealed interface RunHandle {
    /**
     * Finds a run.
     *
     * @param run id or directory of a run, an archive of it, or {@code ID@HOST:PORT}; empty for the newest run in {@code runs}
     * @param runs folder of the runs
     * @param bootstrap the broker of the run, if given
     * @param client settings of the Kafka clients, which take precedence over those stored with the run
     * @throws CommandException when there is no such run
     */
    static RunHandle find(Optional<String> run, Path runs, Optional<String> bootstrap, Map<String, String> client) {
        Optional<Path> archive = run.map(Path::of).filter(Files::isRegularFile);
        if (archive.isPresent()) {
            if (bootstrap.isPresent()) {
                throw new CommandException(
                        ExitCode.USAGE,
                        "archive " + archive.get() + " with --bootstrap: an archive is read without a broker");
            }
            return new Archive(archive.get());
        }
        if (bootstrap.isPresent()) {
            String id = run.orElseThrow(() -> new CommandException(
                    ExitCode.USAGE, "--bootstrap without RUN: name the id of the run, as 'cohort run' printed it"));
            return new Remote(new RunPlace(id, new KafkaAddress(bootstrap.get(), client)));
        }
        int at = run.map(word -> word.indexOf('@')).orElse(-1);
        if (at > 0 && !Files.exists(Path.of(run.get()))) {
            String word = run.get();
            return new Remote(new RunPlace(word.substring(0, at), new KafkaAddress(word.substring(at + 1), client)));
        }
        return new Directory(RunDirectory.find(runs, run), client);
    }

    /** The run in a directory, with the client settings stored there. */
    static RunHandle of(RunDirectory directory) {
        return new Directory(directory, Map.of());
    }

    /**
     * Opens the log for reading. Nothing is written, and no broker is started.
     *
     * @throws CommandException when the log cannot be read
     */
    OpenRun open();

    /**
     * Id and broker of a running run.
     *
     * @throws CommandException when the handle is an archive
     */
    RunPlace place();

    /** The directory of the run on this machine, if it has one. */
    Optional<RunDirectory> directory();

    /** A run in a directory of this machine; its broker may be elsewhere. */
    record Directory(RunDirectory here, Map<String, String> client) implements RunHandle {
        @Override
        public OpenRun open() {
            RawLog log = here.about().embedded()
                    ? SegmentLog.open(new BrokerFolder(here.broker()).log(), here.id())
                    : ConsumedLog.open(here.address(client), here.id());
            return OpenRun.of(log, Optional.of(here.path()));
        }

        @Override
        public RunPlace place() {
            return new RunPlace(here.id(), here.address(client));
        }

        @Override
        public Optional<RunDirectory> directory() {
            return Optional.of(here);
        }
    }

    /** A run known by id and broker only. */
    record Remote(RunPlace place) implements RunHandle {
        @Override
        public OpenRun open() {
            return OpenRun.of(ConsumedLog.open(place.address(), place.id()), Optional.empty());
        }

        @Override
        public Optional<RunDirectory> directory() {
            return Optional.empty();
        }
    }

    /** The archive of a run. */
    record Archive(Path file) implements RunHandle {
        @Override
        public OpenRun open() {
            return OpenRun.of(ArchivedLog.open(file), Optional.empty());
        }

        @Override
        public RunPlace place() {
            throw new CommandException(
                    ExitCode.USAGE,
                    "archive " + file + ": an archived run is not running; name a run by its id or directory");
        }

        @Override
        public Optional<RunDirectory> directory() {
            return Optional.empty();
        }
    }
}
