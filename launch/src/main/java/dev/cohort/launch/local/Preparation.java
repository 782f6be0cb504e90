package dev.cohort.launch.local;

import dev.cohort.augment.data.DataCatalog;
import dev.cohort.augment.data.DataException;
import dev.cohort.augment.data.ImageData;
import dev.cohort.augment.data.ImageSet;
import dev.cohort.coordinator.method.MethodCatalog;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.launch.LaunchPlan;
import dev.cohort.launch.RunDirectory;
import dev.cohort.launch.RunManifest;
import dev.cohort.launch.limits.Footprint;
import dev.cohort.launch.limits.KeptMaps;
import dev.cohort.launch.limits.WireLimits;
import dev.cohort.peer.djl.DeviceChoice;
import dev.cohort.peer.djl.ModelCatalog;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.TensorName;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.ProductFolder;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.runtime.kafka.ClientRules;
import dev.cohort.runtime.session.RunSchedule;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** Reads an experiment and its data, and reports all problems at once. */
public final class Preparation {
    /** Default share of the training images that is held out when a method needs it. */
    public static final double VALIDATION_SHARE = 0.1;

    /** Default of the keys that an unimplemented pace would read. */
    private static final int PACE_UNUSED = 2;

    private static final String KAFKA = "kafka";
    private static final String QUICKSTART = "experiments/quickstart.yaml";
    private static final String RESOURCE = "/dev/cohort/launch/" + QUICKSTART;

    private Preparation() {}

    /** The text of the default experiment. */
    public static String quickstart() {
        return quickstart(ProductFolder.find());
    }

    /**
     * @param home folder of the product; its file takes precedence over the one in the jar, which may be older
     */
    static String quickstart(Optional<Path> home) {
        Optional<Path> file = home.map(folder -> folder.resolve(QUICKSTART)).filter(Files::isRegularFile);
        if (file.isPresent()) {
            try {
                return Files.readString(file.get());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        try (InputStream in = Preparation.class.getResourceAsStream(RESOURCE)) {
            if (in == null) {
                throw new IllegalStateException("resource " + RESOURCE + " is not on the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Checks an experiment together with its data.
     *
     * @param file of the experiment; empty for the quickstart
     * @param settings {@code key=value} that override the file
     * @throws CommandException with every problem found
     */
    public static LaunchPlan prepare(Optional<Path> file, List<String> settings) {
        return prepare(file, settings, Path.of(RunDirectory.RUNS));
    }

    /**
     * As {@link #prepare(Optional, List)}.
     *
     * @param runs folder of the runs that a method may name as its teachers
     */
    public static LaunchPlan prepare(Optional<Path> file, List<String> settings, Path runs) {
        return prepare(file, settings, runs, line -> {});
    }

    /**
     * As {@link #prepare(Optional, List, Path)}.
     *
     * @param say takes in what takes a while
     */
    public static LaunchPlan prepare(Optional<Path> file, List<String> settings, Path runs, Consumer<String> say) {
        List<String> found = new ArrayList<>();
        Optional<LaunchPlan> plan = prepare(file, settings, runs, found, say);
        if (!found.isEmpty() || plan.isEmpty()) {
            throw new CommandException(ExitCode.USAGE, message("experiment", found));
        }
        return plan.get();
    }

    /**
     * Checks settings that were given on a command line.
     *
     * @throws CommandException when a setting may be a password, since every user of the machine can read command lines
     */
    public static List<String> typed(List<String> settings) {
        for (String setting : settings) {
            String key = setting.substring(0, Math.max(0, setting.indexOf('='))).strip();
            boolean whole = key.equals(KAFKA);
            String name = key.startsWith(KAFKA + ".") ? key.substring(KAFKA.length() + 1) : "bootstrap";
            boolean ours = name.equals("bootstrap") || name.equals("replication");
            if (whole || (!ours && name.contains(".") && ClientRules.isSecret(name))) {
                throw new CommandException(
                        ExitCode.USAGE,
                        "--set " + key
                                + ": may be a password, and every user of this machine can read command lines; put"
                                + " it into a file for --kafka-config, or into the experiment");
            }
        }
        return settings;
    }

    /** Checks an experiment as {@link #prepare(Optional, List)} does; {@code found} receives every problem. */
    public static Optional<LaunchPlan> prepare(
            Optional<Path> file, List<String> settings, Path runs, List<String> found, Consumer<String> say) {
        Problems problems = new Problems();
        Optional<Experiment> experiment = read(file, settings, runs, problems);
        experiment.ifPresent(e -> checkNames(e, problems));
        experiment.ifPresent(e -> checkBuilt(e, problems));
        found.addAll(problems.found());
        Optional<ImageData> data = experiment.flatMap(e -> open(e, found));
        experiment.ifPresent(e -> data.ifPresent(d -> checkBatches(e, d, found)));
        experiment.ifPresent(e -> data.ifPresent(d -> StoredTeachers.check(e, d, found)));
        Optional<Experiment> whole = found.isEmpty()
                ? experiment.flatMap(e -> data.map(d -> OwnNetworks.measured(e, d, found, say)))
                : Optional.empty();
        if (found.isEmpty()) {
            whole.ifPresent(e -> data.ifPresent(d -> WireLimits.check(e, d, found)));
        }
        return found.isEmpty() && whole.isPresent() && data.isPresent()
                ? Optional.of(plan(whole.get(), data.get()))
                : Optional.empty();
    }

    /** Reads an experiment; without a file, the quickstart. */
    public static Optional<Experiment> read(Optional<Path> file, List<String> settings, Problems problems) {
        return read(file, settings, Path.of(RunDirectory.RUNS), problems);
    }

    /** As {@link #read(Optional, List, Problems)}; a method may name runs in {@code runs} as its teachers. */
    public static Optional<Experiment> read(Optional<Path> file, List<String> settings, Path runs, Problems problems) {
        Optional<Experiment> read = file.isPresent()
                ? ExperimentYaml.readFile(file.get(), settings, problems)
                : ExperimentYaml.read(quickstart(), settings, problems);
        return read.map(e -> withWholePath(e, runs));
    }

    private static LaunchPlan plan(Experiment experiment, ImageData data) {
        Manifest manifest = RunManifest.of(experiment, data);
        long dataBytes = Stream.of(data.train(), data.validation(), data.test())
                .mapToLong(Preparation::bytes)
                .sum();
        List<String> notes = new ArrayList<>(data.notes());
        notes.addAll(WithoutEffect.notes(experiment, data.shape()));
        KeptMaps.note(experiment, manifest).ifPresent(notes::add);
        return new LaunchPlan(experiment, manifest, dataBytes, Footprint.of(experiment, data, manifest), notes);
    }

    /** The same plan for another experiment on the same data. */
    static LaunchPlan plan(Experiment experiment, LaunchPlan plan) {
        return new LaunchPlan(
                experiment, RunManifest.of(experiment, plan.manifest()), plan.dataBytes(), plan.disk(), plan.notes());
    }

    private static long bytes(ImageSet set) {
        return (long) set.count() * set.shape().size();
    }

    private static void checkNames(Experiment experiment, Problems problems) {
        MethodCatalog.validate(experiment, problems);
        int contributors = experiment.contributors().size();
        MethodCatalog.find(experiment.method().name())
                .filter(method -> contributors > 0)
                .ifPresent(method -> problems.require(
                        contributors >= method.contributorsMin(),
                        "peers",
                        contributors,
                        "at least " + method.contributorsMin() + " without control, since method " + method.name()
                                + " teaches each peer from the others (method.name=independent trains a single one)"));
        Set<String> models = new TreeSet<>();
        for (int i = 0; i < experiment.peers().size(); i++) {
            Experiment.Peer peer = experiment.peers().get(i);
            // Control has the model of the first peer; a mistake in it is reported once.
            boolean again = !models.add(peer.model());
            if (peer.hasOwnNetwork()) {
                if (!again) {
                    OwnNetworks.check(peer, "peers." + i + ".model", problems);
                }
                continue;
            }
            problems.require(
                    ModelCatalog.find(peer.model()).isPresent() || again,
                    "peers." + i + ".model",
                    peer.model(),
                    ModelCatalog.choices() + "; or a network of your own, as in mynet.py:make (docs/own-network.md)");
            try {
                DeviceChoice.parse(peer.device());
            } catch (IllegalArgumentException e) {
                problems.add("peers." + i + ".device", String.valueOf(e.getMessage()));
            }
        }
    }

    /** Refuses settings that are reserved: the reader accepts them, since existing logs may contain them. */
    private static void checkBuilt(Experiment experiment, Problems problems) {
        Experiment.Pace pace = experiment.pace();
        problems.require(
                pace.mode() == Experiment.Pace.Mode.STRICT,
                "pace.mode",
                pace.mode().name().toLowerCase(Locale.ROOT),
                "strict, the only pace that is implemented");
        problems.require(
                pace.k() == PACE_UNUSED, "pace.k", pace.k(), "left out: it belongs to a pace that is not implemented");
        problems.require(
                pace.parts() == PACE_UNUSED,
                "pace.parts",
                pace.parts(),
                "left out: it belongs to a pace that is not implemented");
        problems.require(
                experiment.kafka().replication() == 1
                        || experiment.kafka().bootstrap().isPresent(),
                "kafka.replication",
                experiment.kafka().replication(),
                "1 with the built-in broker, which is a single one; name a cluster with --bootstrap for more");
    }

    /** Checks the batch sizes, since a batch that a network cannot process ends its peer in the middle of the run. */
    private static void checkBatches(Experiment experiment, ImageData data, List<String> found) {
        Problems problems = new Problems();
        int images = data.train().count();
        int batchSize = experiment.run().batchSize();
        problems.require(
                batchSize <= images,
                "run.batch_size",
                batchSize,
                "at most " + images + ", the number of training images");
        int least = RunSchedule.rowsMin(experiment, images);
        experiment.peers().stream()
                .flatMap(peer -> ModelCatalog.find(peer.model()).stream())
                .filter(model -> model.rowsMin(data.shape()) > least)
                .findFirst()
                .ifPresent(model -> problems.require(
                        false,
                        "run.batch_size",
                        batchSize,
                        "such that no batch has a single image, which " + model.name() + " cannot train on (" + images
                                + " images leave " + least + " for the last batch of an epoch)"));
        found.addAll(problems.found());
    }

    private static Optional<ImageData> open(Experiment experiment, List<String> found) {
        try {
            return Optional.of(DataCatalog.open(experiment.data()));
        } catch (DataException e) {
            found.add(String.valueOf(e.getMessage()));
            return Optional.empty();
        }
    }

    /** Joins all problems with a thing into one message. */
    public static String message(String thing, List<String> problems) {
        if (problems.size() == 1) {
            return problems.get(0);
        }
        return problems.size() + " problems with the " + thing + ":\n  " + String.join("\n  ", problems);
    }

    /** Makes paths absolute, since other processes and a later --resume may have another working directory. */
    private static Experiment withWholePath(Experiment e, Path runs) {
        Experiment.Data data = e.data();
        Optional<String> whole =
                data.path().map(p -> Path.of(p).toAbsolutePath().normalize().toString());
        return e.withData(new Experiment.Data(data.name(), whole, data.mode(), validation(e)))
                .withMethod(StoredTeachers.found(e.method(), runs))
                .withPeers(OwnNetworks.withWholePaths(e.peers()));
    }

    /** The configured share; by default, a method that reads predictions of held-out images gets {@link #VALIDATION_SHARE}. */
    private static OptionalDouble validation(Experiment e) {
        boolean reads = MethodCatalog.find(e.method().name())
                .filter(method -> method.reads().contains(TensorName.VALIDATION))
                .isPresent();
        return OptionalDouble.of(e.data().validation().orElse(reads ? VALIDATION_SHARE : 0));
    }

    /** The setting for the data folder of an experiment. */
    public static String dataPathSetting(Path path) {
        return "data.path=\"" + path.toString().replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }

    /** The same plan with settings of the Kafka clients, which are not stored in the experiment. */
    static LaunchPlan with(LaunchPlan plan, Map<String, String> client) {
        Experiment e = plan.experiment();
        Experiment.Kafka kafka =
                new Experiment.Kafka(e.kafka().bootstrap(), e.kafka().replication(), client);
        return new LaunchPlan(e.withKafka(kafka), plan.manifest(), plan.dataBytes(), plan.disk(), plan.notes());
    }

    /** The same plan with further settings of the Kafka clients, which override those of the experiment. */
    public static LaunchPlan adding(LaunchPlan plan, Map<String, String> client) {
        TreeMap<String, String> all = new TreeMap<>(plan.experiment().kafka().client());
        all.putAll(client);
        return with(plan, all);
    }

    /** The experiment with the choices made at the start of a run: its broker, and the threads of each peer. */
    static Experiment decided(Experiment e, Optional<String> bootstrap, int torchThreads) {
        return e.withKafka(new Experiment.Kafka(
                        bootstrap, e.kafka().replication(), e.kafka().client()))
                .withThreads(new Experiment.Threads(OptionalInt.of(torchThreads)));
    }
}
