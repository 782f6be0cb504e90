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
 * Experiments as YAML. What a value must be is checked here as far as the value itself tells; whether a method, its parameters,
 * a model or a data set exist is for the catalogues to say, with the same {@link Problems}, so that a user sees all at once.
 */
public final class ExperimentYaml {
    private static final long FILE_BYTES_MAX = 1 << 20;

    private ExperimentYaml() {}

    /**
     * Reads an experiment.
     *
     * @param settings {@code key=value} that take the place of what the text says, such as {@code mix.kind=cutmix},
     *     {@code peers.0.model=resnet14} or {@code peers=4} (so many contributors)
     * @param problems takes in {@code path: value: must be ...} for everything that is wrong
     * @return empty when the text is no YAML. When there are other problems, defaults stand in for what is wrong: good for
     *     further checks, not for a run
     */
    public static Optional<Experiment> read(String yaml, List<String> settings, Problems problems) {
        return read(yaml, "experiment", settings, problems);
    }

    /** Reads the experiment in {@code file}, like {@link #read(String, List, Problems)}; also empty when it cannot be read. */
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
     * Reads what {@link #write} wrote.
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

    /** The experiment with every default in it; {@link #read(String)} gives an equal one. */
    public static String write(Experiment experiment) {
        return ExperimentWriter.write(experiment);
    }

    /**
     * Like {@link #write}, without the settings of the Kafka clients: they may hold passwords, and whoever reads the manifest of
     * a run has connected already.
     */
    public static String writeWithoutSecrets(Experiment e) {
        return write(e.withKafka(
                new Experiment.Kafka(e.kafka().bootstrap(), e.kafka().replication(), Map.of())));
    }

    /**
     * The text of an experiment as it was given, but without the settings of the Kafka clients, which may hold passwords. Where they
     * cannot be cut out with certainty, what {@link #writeWithoutSecrets} makes of it.
     *
     * @param e what the text says; settings beside the text are in it, too
     */
    public static String givenWithoutSecrets(String text, Experiment e) {
        Optional<String> cut = ClientSection.cutOut(text);
        boolean clean = cut.isPresent()
                && e.kafka().client().entrySet().stream()
                        .filter(setting -> ClientRules.isSecret(setting.getKey()))
                        .noneMatch(setting -> cut.get().contains(setting.getValue()));
        return clean ? cut.get() : writeWithoutSecrets(e);
    }

    /** Whether a text holds settings of the Kafka clients, or may do so. */
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
