package dev.cohort.launch.local;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cohort.experiment.Experiment;
import dev.cohort.launch.Prologue;
import dev.cohort.launch.RunDirectory;
import dev.cohort.launch.RunHandle;
import dev.cohort.peer.CheckpointStore.Checkpoint;
import dev.cohort.peer.checkpoint.SafetensorsStore;
import dev.cohort.peer.djl.LearnerSetting;
import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Fingerprint;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TestImages;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.runtime.kafka.RunLog;
import dev.cohort.study.report.OpenRun;
import dev.cohort.study.view.ForkedFrom;
import dev.cohort.study.view.RunView;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Copies from a parent run what its fork shares: the batches, predictions and outcomes up to a step, with which the fork's own
 * log begins, and the newest checkpoints up to that step. Recorded in {@code fork.json} of the fork's directory.
 *
 * @param parent directory of the parent
 * @param fork directory of the fork
 * @param step last shared step, at least 1
 */
public record Fork(Path parent, Path fork, long step) implements Prologue {
    private static final String FILE = "fork.json";
    private static final String CHECKPOINTS = "checkpoints";
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final Duration FLUSH = Duration.ofMinutes(2);

    /** The fork recorded in a run directory, if the run is one. */
    static Optional<Fork> of(RunDirectory directory) {
        Path file = directory.path().resolve(FILE);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        try {
            JsonNode json = MAPPER.readTree(file.toFile());
            return Optional.of(new Fork(
                    Path.of(json.path("parent").asText()),
                    directory.path(),
                    json.path("step").asLong()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Records in the directory of a new run that it is a fork. */
    public static void note(RunDirectory directory, Path parent, long step) {
        directory.write(
                FILE,
                MAPPER.createObjectNode()
                                .put("parent", parent.toAbsolutePath().toString())
                                .put("step", step)
                                .toPrettyString()
                        + "\n");
    }

    private OpenRun open() {
        if (!Files.isDirectory(parent)) {
            throw new CommandException(
                    ExitCode.INPUT_OUTPUT,
                    "fork of " + parent
                            + ": the directory no longer exists, and the steps of the parent are not copied yet; start"
                            + " a new fork");
        }
        RunDirectory there = RunDirectory.find(parent, Optional.of(parent.toString()));
        // The settings of another user's run are not readable; the fork has its own.
        RunDirectory own = RunDirectory.find(fork, Optional.of(fork.toString()));
        Map<String, String> client = Files.isReadable(there.clientSettings()) ? Map.of() : own.client(Map.of());
        return new RunHandle.Directory(there, client).open();
    }

    @Override
    public Manifest manifest(Manifest own) {
        try (OpenRun opened = open()) {
            return own.forkedFrom(Optional.of(parentOf(opened, step)));
        }
    }

    /** The parent in the manifest of a fork. */
    public static Manifest.Parent parentOf(OpenRun opened, long step) {
        Fingerprint fingerprint = new Fingerprint();
        opened.each(Topic.BATCHES, message -> {
            if (message instanceof Batch batch && batch.step() <= step) {
                fingerprint.batch(batch);
            }
        });
        opened.each(Topic.OUTCOMES, message -> {
            if (message instanceof Outcome outcome && outcome.step() <= step) {
                fingerprint.outcome(outcome);
            }
        });
        return new Manifest.Parent(opened.log().runId(), step, fingerprint.run(), opened.manifest());
    }

    @Override
    public void write(RunLog log) {
        try (OpenRun opened = open()) {
            for (Topic topic : List.of(
                    Topic.TEST_BATCHES,
                    Topic.BATCHES,
                    Topic.PREDICTIONS,
                    Topic.ADDRESSED,
                    Topic.OUTCOMES,
                    Topic.EVALUATIONS)) {
                for (int partition = 0; partition < opened.log().partitions(topic); partition++) {
                    copy(opened.log(), topic, partition, log);
                }
            }
            if (!log.flush(FLUSH)) {
                throw new CommandException(
                        ExitCode.UNAVAILABLE,
                        "the broker did not accept the steps of the parent within " + FLUSH.toSeconds()
                                + " s; continue with --resume");
            }
            copyCheckpoints(opened.manifest(), opened.experiment());
        }
    }

    private void copy(RecordedLog from, Topic topic, int partition, RunLog to) {
        try (RecordedLog.Reading reading = from.read(topic, partition)) {
            for (Optional<RecordedLog.Entry> next = reading.next(); next.isPresent(); next = reading.next()) {
                if (next.get() instanceof RecordedLog.Said entry
                        && stepOf(entry.message()).orElse(Long.MAX_VALUE) <= step) {
                    to.append(List.of(entry.message()));
                }
            }
        }
    }

    /** Test images belong to every step; leaves and the end of the run are not copied. */
    private static OptionalLong stepOf(Message message) {
        if (message instanceof Batch batch) {
            return OptionalLong.of(batch.step());
        } else if (message instanceof Prediction prediction) {
            return OptionalLong.of(prediction.step());
        } else if (message instanceof Addressed part) {
            return OptionalLong.of(part.step());
        } else if (message instanceof Outcome outcome) {
            return OptionalLong.of(outcome.step());
        } else if (message instanceof Evaluation evaluation) {
            return OptionalLong.of(evaluation.step());
        }
        return message instanceof TestImages ? OptionalLong.of(0) : OptionalLong.empty();
    }

    /** Copies checkpoints without their positions in the parent's log. A peer without one trains from its first step. */
    private void copyCheckpoints(Manifest manifest, Experiment experiment) {
        for (Experiment.Peer peer : experiment.peers()) {
            int kept = experiment.recording().checkpointsKept();
            Optional<Checkpoint> newest = new SafetensorsStore(folder(parent, peer), kept).newestUpTo(step);
            LearnerSetting network = LearnerSetting.of(
                    manifest, experiment.optimizer(), peer, experiment.peers().indexOf(peer));
            newest.ifPresent(c -> new SafetensorsStore(
                            folder(fork, peer), kept, network.about().metadata())
                    .save(new Checkpoint(c.step(), c.learner())));
        }
    }

    private static Path folder(Path run, Experiment.Peer peer) {
        return run.resolve(CHECKPOINTS).resolve(peer.id().value());
    }

    /** The parent after the fork, for comparison; empty when its directory no longer exists. */
    Optional<ForkedFrom> end() {
        if (!Files.isDirectory(parent)) {
            return Optional.empty();
        }
        try (OpenRun opened = open()) {
            RunView view = new RunView(opened.log().runId(), opened.manifest(), opened.experiment());
            for (Topic topic :
                    List.of(Topic.MEMBERS, Topic.BATCHES, Topic.PREDICTIONS, Topic.OUTCOMES, Topic.EVALUATIONS)) {
                for (int partition = 0; partition < opened.log().partitions(topic); partition++) {
                    show(opened.log(), topic, partition, view);
                }
            }
            return Optional.of(new ForkedFrom(view, step));
        }
    }

    private static void show(RecordedLog log, Topic topic, int partition, RunView view) {
        try (RecordedLog.Reading reading = log.read(topic, partition)) {
            for (Optional<RecordedLog.Entry> next = reading.next(); next.isPresent(); next = reading.next()) {
                if (next.get() instanceof RecordedLog.Said entry) {
                    view.on(entry.message(), entry.appendedMs());
                }
            }
        }
    }
}
