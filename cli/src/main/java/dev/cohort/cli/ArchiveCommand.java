package dev.cohort.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.launch.CommandName;
import dev.cohort.launch.RunDirectory;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.archive.ArchiveManifest;
import dev.cohort.runtime.archive.ArchiveWriter;
import dev.cohort.runtime.archive.Checksums;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.study.report.OpenRun;
import dev.cohort.study.view.OutputFormat;
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
import java.util.concurrent.Callable;
import java.util.function.BiConsumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes one file of a run. */
@Command(
        name = "archive",
        mixinStandardHelpOptions = true,
        description = {
            "Pack a run into one file.",
            "The archive holds all records, the configuration, and names, steps and checksums of the"
                    + " checkpoints. 'cohort verify', 'cohort replay', 'cohort doctor', 'cohort timeline' and"
                    + " 'cohort topic cat' accept an archive in place of a run."
        },
        footer = {"    cohort archive RUN run.zip", "    cohort archive RUN run.zip --with-checkpoints"})
final class ArchiveCommand implements Callable<Integer> {
    private static final String CHECKPOINTS = "checkpoints";
    private static final String CHECKPOINT_FILE = ".safetensors";
    private static final Pattern STEP = Pattern.compile("(?:step|between)-([0-9]{1,18})\\.safetensors");
    private static final String GIVEN = "config.yaml";
    /** Files of a run directory that go with its log. */
    private static final List<String> CONFIGURATION =
            List.of(GIVEN, RunDirectory.EFFECTIVE, RunDirectory.RESULT, RunDirectory.METRICS);

    @Parameters(index = "0", paramLabel = "RUN", description = "Id or directory of the run. With --bootstrap, the id.")
    private String run = "";

    @Parameters(
            index = "1",
            arity = "0..1",
            paramLabel = "FILE",
            description = "New file. Default: the run's id with .cohort.zip, in the working directory.")
    private Optional<Path> file = Optional.empty();

    @Mixin
    private RunsFolder runs = new RunsFolder();

    @Mixin
    private BrokerOptions broker = new BrokerOptions();

    @Option(names = "--with-checkpoints", description = "Include the checkpoint files.")
    private boolean withCheckpoints;

    @Option(names = "--format", description = "text or json. Default: ${DEFAULT-VALUE}.")
    private OutputFormat format = OutputFormat.text;

    @Option(names = "--quiet", description = "Show no progress.")
    private boolean quiet;

    @Override
    public Integer call() throws IOException {
        try (OpenRun opened = RecordedRun.open(Optional.of(run), runs, broker)) {
            Path to = file.orElseGet(() -> Path.of(opened.log().runId() + ".cohort.zip"));
            SortedMap<String, Path> files = new TreeMap<>();
            List<ArchiveManifest.Checkpoint> checkpoints = new ArrayList<>();
            if (opened.directory().isPresent()) {
                Path directory = opened.directory().get();
                CONFIGURATION.forEach(name -> add(files, "run/" + name, directory.resolve(name)));
                leaveOutSecrets(files, directory.resolve(GIVEN));
                checkpoints(directory.resolve(CHECKPOINTS), checkpoints, files);
            }
            Map<Topic, Integer> partitions = new EnumMap<>(Topic.class);
            for (Topic topic : Topic.values()) {
                partitions.put(topic, opened.log().partitions(topic));
            }
            ArchiveManifest manifest = new ArchiveManifest(opened.log().runId(), partitions, checkpoints);
            long lost = ArchiveWriter.write(to, opened.log(), manifest, files, progress());
            said(to, opened, checkpoints, lost);
        }
        return ExitCode.OK.code();
    }

    /** Runs of earlier versions kept the experiment as it was given, passwords included. */
    private static void leaveOutSecrets(SortedMap<String, Path> files, Path given) throws IOException {
        if (Files.isRegularFile(given) && ExperimentYaml.hasClientSettings(Files.readString(given))) {
            files.remove("run/" + GIVEN);
            System.err.println(given + " holds settings of Kafka clients, which may be passwords: it is left out of the"
                    + " archive; " + RunDirectory.EFFECTIVE + " has the rest of it.");
        }
    }

    private static void add(SortedMap<String, Path> files, String member, Path file) {
        if (Files.isRegularFile(file)) {
            files.put(member, file);
        }
    }

    private void checkpoints(Path folder, List<ArchiveManifest.Checkpoint> checkpoints, SortedMap<String, Path> files)
            throws IOException {
        if (!Files.isDirectory(folder)) {
            return;
        }
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
                continue; // The run goes on, and keeps the newest ones only.
            }
            if (withCheckpoints) {
                files.put(CHECKPOINTS + "/" + name, each);
            }
        }
    }

    private BiConsumer<String, Long> progress() {
        ProgressLines lines = new ProgressLines(System.err::println, quiet);
        return (member, bytes) -> lines.say(() -> member + ": " + (bytes >> 20) + " MiB");
    }

    private static String mib(long bytes) {
        return Words.decimals(bytes / 1048576.0, 1) + " MiB";
    }

    private void said(Path to, OpenRun opened, List<ArchiveManifest.Checkpoint> checkpoints, long lost)
            throws IOException {
        if (format == OutputFormat.json) {
            ObjectNode json = JsonNodeFactory.instance.objectNode();
            System.out.println(json.put("run", opened.log().runId())
                    .put("archive", to.toString())
                    .put("bytes", Files.size(to))
                    .put("sha256", Checksums.of(to))
                    .put("checkpoints", checkpoints.size())
                    .put("checkpoints_included", withCheckpoints)
                    .put("unreadable", lost));
            return;
        }
        System.out.println(to + ": run " + opened.log().runId() + ", " + mib(Files.size(to)) + ", with "
                + (withCheckpoints ? "" : "the checksums of ") + Words.count(checkpoints.size(), "checkpoint") + ".");
        if (lost > 0) {
            System.err.println(Words.count(lost, "range")
                    + " of the log could not be read; the archive says so, and this names them:  "
                    + CommandName.line("verify " + Words.shell(to)));
        }
    }
}
