package dev.cohort.launch.compare;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.launch.local.Preparation;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.config.ExperimentYaml;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * A comparison that has been checked, down to the experiment of every run.
 *
 * @param given the files and options as given, for the report
 * @param experiments of every run, as complete YAML
 */
public record ComparisonPlan(Comparison comparison, String given, Map<Planned, String> experiments) {
    /**
     * Checks a comparison and all its runs.
     *
     * @param files one comparison, or experiments
     * @param settings {@code key=value} that override the files
     * @param seeds override those of the file; empty keeps them
     * @param runs folder of the runs that a method may name as its teachers
     * @throws CommandException with every problem found
     */
    public static ComparisonPlan of(List<Path> files, List<String> settings, List<Long> seeds, Path runs) {
        Preparation.typed(settings);
        if (files.isEmpty()) {
            throw new CommandException(
                    ExitCode.USAGE,
                    "nothing to compare: name a comparison such as experiments/compare-quickstart.yaml, or"
                            + " experiments");
        }
        Problems problems = new Problems();
        settings.stream()
                .filter(s -> s.startsWith("run.seed="))
                .forEach(s -> problems.add("--set " + s, "left out: it comes from --seeds"));
        if (!seeds.isEmpty()) {
            ComparisonFile.checkSeeds(seeds, seeds.toString(), problems);
        }
        boolean one = files.size() == 1 && ComparisonFile.is(files.get(0));
        Optional<Comparison> read = one
                ? ComparisonFile.read(files.get(0), settings, problems)
                : ComparisonFile.ofExperiments(files, settings, problems);
        Optional<Comparison> comparison =
                read.map(c -> seeds.isEmpty() ? c : new Comparison(c.name(), seeds, c.variants()));
        List<String> found = new ArrayList<>(problems.found());
        comparison.ifPresent(c -> check(c, runs, found));
        if (!found.isEmpty() || comparison.isEmpty()) {
            throw new CommandException(ExitCode.USAGE, Preparation.message("comparison", found));
        }
        return new ComparisonPlan(comparison.get(), given(files, settings, seeds), experiments(comparison.get(), runs));
    }

    private static void check(Comparison comparison, Path runs, List<String> found) {
        List<EqualTerms.Named> experiments = new ArrayList<>();
        Map<Comparison.Variant, List<String>> wrong = new LinkedHashMap<>();
        long seed = comparison.seeds().get(0);
        for (Comparison.Variant variant : comparison.variants()) {
            List<String> own = new ArrayList<>();
            Preparation.prepare(variant.base(), settings(variant, seed), runs, own, line -> {})
                    .ifPresent(plan -> {
                        experiments.add(new EqualTerms.Named(variant, plan.experiment()));
                        plan.experiment()
                                .kafka()
                                .client()
                                .keySet()
                                .forEach(key -> own.add("kafka." + key
                                        + ": must be left out; a comparison does not store"
                                        + " settings of Kafka clients, which may be passwords"));
                    });
            wrong.put(variant, own);
        }
        Set<String> common = new LinkedHashSet<>(wrong.get(comparison.variants().get(0)));
        wrong.values().forEach(common::retainAll);
        found.addAll(common);
        wrong.forEach((variant, own) -> own.stream()
                .filter(problem -> !common.contains(problem))
                .forEach(problem -> found.add(variant.where() + ": " + problem)));
        if (experiments.size() == comparison.variants().size()) {
            Problems unequal = new Problems();
            EqualTerms.check(experiments, unequal);
            found.addAll(unequal.found());
        }
    }

    private static List<String> settings(Comparison.Variant variant, long seed) {
        List<String> all = new ArrayList<>(variant.settings());
        all.add("run.name=" + variant.name());
        all.add("run.seed=" + seed);
        return all;
    }

    private static Map<Planned, String> experiments(Comparison comparison, Path runs) {
        Map<Planned, String> experiments = new LinkedHashMap<>();
        for (Planned run : ComparisonDirectory.order(comparison)) {
            Comparison.Variant variant = comparison.variants().stream()
                    .filter(v -> v.name().equals(run.variant()))
                    .findFirst()
                    .orElseThrow();
            Problems problems = new Problems();
            Experiment experiment = Preparation.read(variant.base(), settings(variant, run.seed()), runs, problems)
                    .filter(e -> problems.none())
                    .orElseThrow(() -> new CommandException(
                            ExitCode.USAGE, run.words() + ": " + String.join("; ", problems.found())));
            experiments.put(run, ExperimentYaml.writeWithoutSecrets(experiment));
        }
        return experiments;
    }

    private static String given(List<Path> files, List<String> settings, List<Long> seeds) {
        StringBuilder given = new StringBuilder();
        try {
            for (Path file : files) {
                given.append(files.size() == 1 ? "" : "# " + file + "\n").append(Files.readString(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        settings.forEach(s -> given.append("# --set ").append(s).append('\n'));
        if (!seeds.isEmpty()) {
            given.append("# --seeds ").append(seeds).append('\n');
        }
        return given.toString();
    }
}
