package dev.cohort.runtime.config;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.runtime.kafka.ClientRules;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Reads and writes experiments as YAML. Types and ranges of values are checked here. Whether a method, its parameters, a model or
 * a data set exist is checked by the catalogues, with the same {@link Problems}, so that a user sees all problems at once.
 */
public final class ExperimentYaml {
    private static final long FILE_BYTES_MAX = 1 << 20;

    private ExperimentYaml() {}

    /**
     * Reads an experiment.
     *
     * @param settings {@code key=value} that override the text, such as {@code mix.kind=cutmix}, {@code peers.0.model=resnet14}
     *     or {@code peers=4} (the number of contributors)
     * @param problems receives {@code path: value: must be ...} for every problem
     * @return empty when the text is not YAML. With other problems, defaults stand in for invalid values: good for further
     *     checks, not for a run
     */
    public static Optional<Experiment> read(String yaml, List<String> settings, Problems problems) {
        return read(yaml, "experiment", settings, problems);
    }

    /**
     * Reads the experiment in {@code file}, like {@link #read(String, List, Problems)}; also empty when the file cannot be read.
     */
    public static Optional<Experiment> readFile(Path file, List<String> settings, Problems problems) {
        try {
            if (Files.isDirectory(file)) {
                problems.add(file.toString(), "is a folder: must be a YAML file");
            } else if (Files.size(file) > FILE_BYTES_MAX) {
                problems.require(false, file.toString(), Files.size(file) + " bytes", "at most " + FILE_BYTES_MAX);
            } else {
                return read(Files.readString(file), file.toString(), settings, problems);
            }
        } catch (NoSuchFileException e) {
            problems.add(file.toString(), "no such file: must be the YAML file of an experiment");
        } catch (CharacterCodingException e) {
            problems.add(file.toString(), "not text in UTF-8: must be a YAML file");
        } catch (IOException e) {
            problems.add(file.toString(), "cannot be read: " + e.getMessage());
        }
        return Optional.empty();
    }

    /**
     * Reads an experiment written by {@link #write}.
     *
     * @throws IllegalArgumentException with all problems
     */
    public static Experiment read(String yaml) {
        Problems problems = new Problems();
        Optional<Experiment> experiment = read(yaml, List.of(), problems);
        if (!problems.none()) {
            throw new IllegalArgumentException(String.join("; ", problems.found()));
        }
        return experiment.orElseThrow();
    }

    /** The experiment as YAML, every default included; {@link #read(String)} gives an equal one. */
    public static String write(Experiment experiment) {
        return ExperimentWriter.write(experiment);
    }

    /**
     * Like {@link #write}, without the settings of the Kafka clients: they may hold passwords, and a reader of a run's manifest
     * is already connected.
     */
    public static String writeWithoutSecrets(Experiment e) {
        return write(e.withKafka(
                new Experiment.Kafka(e.kafka().bootstrap(), e.kafka().replication(), Map.of())));
    }

    /**
     * The text of an experiment as given, without the settings of the Kafka clients, which may hold passwords. If they cannot be
     * cut out reliably, the result of {@link #writeWithoutSecrets} instead.
     *
     * @param e the experiment in the text, overridden settings included
     */
    public static String givenWithoutSecrets(String text, Experiment e) {
        Optional<String> cut = ClientSection.cutOut(text);
        boolean clean = cut.isPresent()
                && e.kafka().client().entrySet().stream()
                        .filter(setting -> ClientRules.isSecret(setting.getKey()))
                        .noneMatch(setting -> cut.get().contains(setting.getValue()));
        return clean ? cut.get() : writeWithoutSecrets(e);
    }

    /** Whether a text has, or may have, settings of the Kafka clients. */
    public static boolean hasClientSettings(String text) {
        return !ClientSection.cutOut(text).equals(Optional.of(text));
    }

    private static Optional<Experiment> read(String yaml, String source, List<String> settings, Problems problems) {
        Optional<Tree> tree = TreeParser.parse(yaml, source, problems);
        if (tree.isPresent() && !(tree.get() instanceof Tree.Branch)) {
            problems.require(false, source, tree.get().shown(), "a mapping with keys such as run and peers");
        }
        return tree.filter(Tree.Branch.class::isInstance)
                .map(Tree.Branch.class::cast)
                .map(branch -> ExperimentReader.read(Overrides.apply(branch, settings, problems), problems));
    }
}
