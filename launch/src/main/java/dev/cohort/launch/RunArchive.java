package dev.cohort.launch;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.archive.ArchiveManifest;
import dev.cohort.runtime.archive.ArchiveWriter;
import dev.cohort.runtime.archive.Checksums;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.study.report.OpenRun;
import dev.cohort.study.view.Printout;
import dev.cohort.study.view.ProgressLines;
import dev.cohort.study.view.Words;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A run in one file: its log, its configuration, and its checkpoints or their checksums.
 *
 * @param file the archive
 * @param run id of the run
 * @param bytes size of the file
 * @param sha256 of the file, in hexadecimal
 * @param checkpoints number of checkpoints
 * @param withCheckpoints whether the archive holds the checkpoint files, too
 * @param unreadable ranges of the log that could not be read
 * @param leftOut why the archive lacks the experiment as it was given, if it does
 */
public record RunArchive(
        Path file,
        String run,
        long bytes,
        String sha256,
        int checkpoints,
        boolean withCheckpoints,
        long unreadable,
        Optional<String> leftOut)
        implements Printout {
    private static final String CHECKPOINTS = "checkpoints";
    private static final String CHECKPOINT_FILE = ".safetensors";
    private static final Pattern STEP = Pattern.compile("(?:step|between)-([0-9]{1,18})\\.safetensors");
    private static final String GIVEN = "config.yaml";
    /** Files of a run directory that go with its log. */
    private static final List<String> CONFIGURATION =
            List.of(GIVEN, RunDirectory.EFFECTIVE, RunDirectory.RESULT, RunDirectory.METRICS);

    /**
     * Writes the archive of a run.
     *
     * @param to a new file
     * @throws IllegalArgumentException when the file exists
     */
    public static RunArchive write(OpenRun opened, Path to, boolean withCheckpoints, ProgressLines progress)
            throws IOException {
        SortedMap<String, Path> files = new TreeMap<>();
        List<ArchiveManifest.Checkpoint> checkpoints = List.of();
        Optional<String> leftOut = Optional.empty();
        if (opened.directory().isPresent()) {
            Path directory = opened.directory().get();
            CONFIGURATION.forEach(name -> add(files, "run/" + name, directory.resolve(name)));
            leftOut = leaveOutSecrets(files, directory.resolve(GIVEN));
            checkpoints = checkpoints(directory.resolve(CHECKPOINTS), withCheckpoints, files);
        }
        Map<Topic, Integer> partitions = new EnumMap<>(Topic.class);
        for (Topic topic : Topic.values()) {
            partitions.put(topic, opened.log().partitions(topic));
        }
        String run = opened.log().runId();
        long lost = ArchiveWriter.write(
                to,
                opened.log(),
                new ArchiveManifest(run, partitions, checkpoints),
                files,
                (member, bytes) -> progress.say(() -> member + ": " + (bytes >> 20) + " MiB"));
        return new RunArchive(
                to, run, Files.size(to), Checksums.of(to), checkpoints.size(), withCheckpoints, lost, leftOut);
    }

    /** Earlier versions stored the experiment as it was given, passwords included. */
    private static Optional<String> leaveOutSecrets(SortedMap<String, Path> files, Path given) throws IOException {
        if (Files.isRegularFile(given) && ExperimentYaml.hasClientSettings(Files.readString(given))) {
            files.remove("run/" + GIVEN);
            return Optional.of(
                    given + " holds settings of Kafka clients, which may be passwords: the archive does not contain"
                            + " it; all other settings are in " + RunDirectory.EFFECTIVE + ".");
        }
        return Optional.empty();
    }

    private static void add(SortedMap<String, Path> files, String member, Path file) {
        if (Files.isRegularFile(file)) {
            files.put(member, file);
        }
    }

    private static List<ArchiveManifest.Checkpoint> checkpoints(
            Path folder, boolean withCheckpoints, SortedMap<String, Path> files) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        List<ArchiveManifest.Checkpoint> checkpoints = new ArrayList<>();
        List<Path> found;
        try (Stream<Path> all = Files.walk(folder)) {
            found = all.filter(f -> f.toString().endsWith(CHECKPOINT_FILE))
                    .sorted()
                    .toList();
        }
        for (Path each : found) {
            String name = folder.relativize(each).toString().replace('\\', '/');
            Matcher step = STEP.matcher(String.valueOf(each.getFileName()));
            try {
                checkpoints.add(new ArchiveManifest.Checkpoint(
                        name,
                        step.matches() ? OptionalLong.of(Long.parseLong(step.group(1))) : OptionalLong.empty(),
                        Checksums.of(each),
                        withCheckpoints));
            } catch (NoSuchFileException e) {
                continue; // A running peer deletes its older checkpoints.
            }
            if (withCheckpoints) {
                files.put(CHECKPOINTS + "/" + name, each);
            }
        }
        return checkpoints;
    }

    @Override
    public List<String> lines() {
        return List.of(file + ": run " + run + ", " + Words.decimals(bytes / 1048576.0, 1) + " MiB, with "
                + (withCheckpoints ? "" : "the checksums of ") + Words.count(checkpoints, "checkpoint") + ".");
    }

    /** What the archive lacks, and why. */
    public List<String> warnings() {
        List<String> warnings = new ArrayList<>(leftOut.stream().toList());
        if (unreadable > 0) {
            warnings.add(Words.count(unreadable, "range")
                    + " of the log could not be read. The archive records them; this command lists them:  "
                    + CommandName.line("verify " + Words.shell(file)));
        }
        return warnings;
    }

    @Override
    public ObjectNode json() {
        return JsonNodeFactory.instance
                .objectNode()
                .put("run", run)
                .put("archive", file.toString())
                .put("bytes", bytes)
                .put("sha256", sha256)
                .put("checkpoints", checkpoints)
                .put("checkpoints_included", withCheckpoints)
                .put("unreadable", unreadable);
    }
}
