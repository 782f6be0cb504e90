package dev.cohort.launch.compare;

import dev.cohort.experiment.Experiment;
import dev.cohort.launch.RunDirectory;
import dev.cohort.launch.RunHandle;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.PeerId;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.study.FinalTest;
import dev.cohort.study.report.OpenRun;
import dev.cohort.tensor.Tensor;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Single networks, ensembles of k, distilled and self-distilled networks side by side, from finished runs: the table of
 * Allen-Zhu and Li, "Towards Understanding Ensemble, Knowledge Distillation and Self-Distillation in Deep Learning" (arXiv
 * 2012.09816). A row is a model and a method; an ensemble of k is the mean probability of k of its networks.
 *
 * @param testImages number of images on which all were tested
 * @param rows by model, then from single to self-distilled
 * @param notes networks left out or counted once, and unequal terms, in sentences
 * @param missing rows that a model lacks, in sentences
 */
public record LearnedTable(String data, int testImages, List<Row> rows, List<String> notes, List<String> missing) {
    /** Sections that may differ: method, exchange, peers and where the run takes place. */
    private static final Set<String> FREE =
            new TreeSet<>(Set.of("method", "pace", "wire", "record", "peers", "kafka", "threads", "elastic"));

    private static final Set<String> FREE_KEYS =
            new TreeSet<>(Set.of("run.name", "run.seed", "run.steps", "run.epochs", "data.path", "data.mode"));

    public LearnedTable {
        rows = List.copyOf(rows);
        notes = List.copyOf(notes);
        missing = List.copyOf(missing);
    }

    /**
     * A run and its last tests.
     *
     * @param name of the run, for people
     */
    public record Source(String name, Manifest manifest, Experiment experiment, List<FinalTest> tests) {}

    /**
     * Networks of one model that learned by one method.
     *
     * @param learned the kind of learning, for people
     * @param networks how many
     * @param mean accuracy of one, 0..1
     * @param deviation standard deviation over the networks; empty for a single one
     * @param ensembles accuracy of an ensemble of k = 1, 2, ..., mean over all subsets; empty when test logits are missing
     * @param from run and peer of each network
     */
    public record Row(
            String model,
            String method,
            String learned,
            int networks,
            double mean,
            OptionalDouble deviation,
            List<Double> ensembles,
            List<Origin> from) {}

    /** Run and peer of a network. */
    public record Origin(String run, String peer) {
        @Override
        public String toString() {
            return peer + " of " + run;
        }
    }

    private record Kind(String model, LearnedFrom learned, String method) implements Comparable<Kind> {
        private static final Comparator<Kind> ORDER =
                Comparator.comparing(Kind::model).thenComparing(Kind::learned).thenComparing(Kind::method);

        @Override
        public int compareTo(Kind other) {
            return ORDER.compare(this, other);
        }
    }

    private record Network(Origin from, FinalTest test) {}

    /**
     * Reads the final tests of runs and tabulates them.
     *
     * @param named runs, or directories of comparisons for all their runs
     * @param runs folder in which runs are looked up by id
     * @throws CommandException when no run is named, or the runs were not tested on the same images
     */
    public static LearnedTable of(List<Path> named, Path runs) {
        if (named.isEmpty()) {
            throw new CommandException(
                    ExitCode.USAGE, "--table: no run given; name runs or directories of comparisons, by id or path");
        }
        List<Source> sources = new ArrayList<>();
        for (Path path : named.stream()
                .flatMap(n -> ComparisonDirectory.finished(n).stream())
                .toList()) {
            RunDirectory directory = RunDirectory.find(runs, Optional.of(path.toString()));
            try (OpenRun run = RunHandle.of(directory).open()) {
                Manifest manifest = run.manifest();
                sources.add(new Source(
                        String.valueOf(path.getFileName()),
                        manifest,
                        run.experiment(),
                        FinalTest.of(run.log(), manifest.testLabels(), manifest.classes())));
            }
        }
        return of(sources);
    }

    /**
     * Tabulates final tests.
     *
     * @throws CommandException when the runs were not tested on the same images
     */
    public static LearnedTable of(List<Source> sources) {
        Manifest first = sources.get(0).manifest();
        for (Source source : sources) {
            if (!source.manifest().dataDigest().equals(first.dataDigest())) {
                throw new CommandException(
                        ExitCode.USAGE,
                        "run " + source.name() + ": its data (" + words(source) + ") differ from those of "
                                + sources.get(0).name() + " (" + words(sources.get(0))
                                + "), so their accuracies cannot be compared; name runs on the same data");
            }
        }
        List<String> notes = new ArrayList<>(differences(sources));
        TreeMap<Kind, List<Network>> networks = networks(sources, notes);
        List<Row> rows = new ArrayList<>();
        networks.forEach((kind, of) -> rows.add(row(kind, of, first, notes)));
        return new LearnedTable(
                sources.get(0).experiment().data().name(),
                first.testLabels().size(),
                rows,
                notes,
                missing(networks.keySet()));
    }

    private static String words(Source source) {
        return source.experiment().data().name() + ", digest "
                + source.manifest().dataDigest().shortHex();
    }

    /** Differences between runs besides the kind of learning. */
    private static List<String> differences(List<Source> sources) {
        TreeMap<String, Map<String, List<String>>> byKey = new TreeMap<>();
        for (Source source : sources) {
            Map<String, String> values = new TreeMap<>(EqualTerms.values(source.experiment()));
            values.put("steps", Long.toString(source.manifest().steps()));
            values.forEach((key, value) -> {
                if (!FREE.contains(key.split("\\.", -1)[0]) && !FREE_KEYS.contains(key)) {
                    byKey.computeIfAbsent(key, k -> new LinkedHashMap<>())
                            .computeIfAbsent(value, v -> new ArrayList<>())
                            .add(source.name());
                }
            });
        }
        List<String> found = new ArrayList<>();
        byKey.forEach((key, values) -> {
            int set = values.values().stream().mapToInt(List::size).sum();
            if (values.size() > 1 || set < sources.size()) {
                found.add("Not on equal terms: " + key + " is "
                        + values.entrySet().stream()
                                .map(e -> e.getKey() + " in " + String.join(", ", e.getValue()))
                                .collect(Collectors.joining(" and "))
                        + (set < sources.size() ? ", and not set in the rest" : "") + ".");
            }
        });
        return found;
    }

    private static TreeMap<Kind, List<Network>> networks(List<Source> sources, List<String> notes) {
        TreeMap<Kind, List<Network>> networks = new TreeMap<>();
        for (Source source : sources) {
            String method = source.experiment().method().name();
            if (LearnedFrom.by(method).isEmpty()) {
                notes.add("The peers of " + source.name() + " are left out: method " + method + " is not comparable, "
                        + LearnedFrom.whyNot(method) + ".");
            }
            for (Experiment.Peer peer : source.experiment().peers()) {
                Optional<LearnedFrom> learned =
                        peer.control() ? Optional.of(LearnedFrom.ALONE) : LearnedFrom.by(method);
                Optional<FinalTest> test = test(source, peer.id());
                Origin from = new Origin(source.name(), peer.id().value());
                if (learned.isPresent() && test.isEmpty()) {
                    notes.add(from + " is left out: the log has no final test of this peer.");
                } else if (learned.isPresent()) {
                    String by = learned.get() == LearnedFrom.ALONE ? LearnedFrom.ALONE.example() : method;
                    add(
                            networks.computeIfAbsent(new Kind(peer.model(), learned.get(), by), k -> new ArrayList<>()),
                            new Network(from, test.get()),
                            peer.control(),
                            notes);
                }
            }
        }
        networks.values().removeIf(List::isEmpty);
        return networks;
    }

    private static Optional<FinalTest> test(Source source, PeerId peer) {
        return source.tests().stream()
                .filter(t -> t.peer().equals(peer.value()))
                .findFirst();
    }

    /** Control peers of equal seeds, and the first peer of an independent run, are one network trained several times. */
    private static void add(List<Network> networks, Network one, boolean control, List<String> notes) {
        Optional<Tensor> logits = one.test().logits();
        Optional<Network> same = networks.stream()
                .filter(n -> logits.isPresent() && n.test().logits().equals(logits))
                .findFirst();
        if (same.isPresent()) {
            notes.add(one.from() + " is the same network as " + same.get().from() + " and counted once.");
        } else if (control && logits.isEmpty()) {
            notes.add(one.from() + " is left out: without its test logits, a duplicate of another network cannot be"
                    + " recognised.");
        } else {
            networks.add(one);
        }
    }

    private static Row row(Kind kind, List<Network> networks, Manifest manifest, List<String> notes) {
        double mean = networks.stream()
                .mapToDouble(n -> n.test().accuracy())
                .average()
                .orElse(0);
        double squares = networks.stream()
                .mapToDouble(n -> (n.test().accuracy() - mean) * (n.test().accuracy() - mean))
                .sum();
        int count = networks.size();
        String what = kind.model() + ", " + kind.method() + ": ";
        List<Tensor> logits =
                networks.stream().flatMap(n -> n.test().logits().stream()).toList();
        if (logits.size() < count) {
            notes.add(what + "no ensembles, since test logits are missing for "
                    + networks.stream()
                            .filter(n -> n.test().logits().isEmpty())
                            .map(n -> n.from().toString())
                            .collect(Collectors.joining(", "))
                    + " (record.evaluation_logits).");
        } else if (count > FinalTest.NETWORKS_MAX) {
            notes.add(
                    what + "ensembles consist of the first " + FinalTest.NETWORKS_MAX + " of " + count + " networks.");
        }
        return new Row(
                kind.model(),
                kind.method(),
                kind.learned().words(),
                count,
                mean,
                count < 2 ? OptionalDouble.empty() : OptionalDouble.of(StrictMath.sqrt(squares / (count - 1))),
                logits.size() < count
                        ? List.of()
                        : FinalTest.ofEnsembles(
                                logits.subList(0, Math.min(count, FinalTest.NETWORKS_MAX)),
                                manifest.testLabels(),
                                manifest.classes()),
                networks.stream().map(Network::from).toList());
    }

    private static List<String> missing(Set<Kind> kinds) {
        SortedSet<String> models = new TreeSet<>();
        kinds.forEach(k -> models.add(k.model()));
        List<String> missing = new ArrayList<>();
        for (String model : models) {
            for (LearnedFrom learned : LearnedFrom.values()) {
                if (kinds.stream().noneMatch(k -> k.model().equals(model) && k.learned() == learned)) {
                    missing.add("No " + model + " " + learned.words() + ": name a run such as one with method.name="
                            + learned.example() + ".");
                }
            }
        }
        return missing;
    }
}
