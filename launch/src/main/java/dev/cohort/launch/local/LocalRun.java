package dev.cohort.launch.local;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.launch.Host;
import dev.cohort.launch.Interruption;
import dev.cohort.launch.Jvm;
import dev.cohort.launch.LaunchPlan;
import dev.cohort.launch.Launcher;
import dev.cohort.launch.Listening;
import dev.cohort.launch.RunDirectory;
import dev.cohort.launch.RunPlace;
import dev.cohort.launch.TorchThreads;
import dev.cohort.launch.limits.HostFigures;
import dev.cohort.launch.limits.HostLimits;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.HostPort;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.runtime.kafka.BrokerFolder;
import dev.cohort.runtime.kafka.KafkaAddress;
import dev.cohort.study.view.Report;
import dev.cohort.study.view.Result;
import dev.cohort.study.view.Screen;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** A run on this machine whose directory is held: begins or resumes it, trains it, and writes its result and report. */
public record LocalRun(RunDirectory directory, LaunchPlan plan, HostPort address, boolean resumed)
        implements AutoCloseable {
    /**
     * How a resumed run reaches its broker and its data.
     *
     * @param listen new address of its own broker; empty keeps the previous one if possible
     * @param bootstrap new address of the cluster; empty keeps the previous one
     * @param client settings of the Kafka clients; empty keeps those of the run directory
     * @param data new place of its data, as a setting; empty keeps the previous one
     */
    public record Reach(
            Optional<HostPort> listen, Optional<String> bootstrap, Map<String, String> client, List<String> data) {
        /** Everything as before. */
        public static final Reach AS_BEFORE = new Reach(Optional.empty(), Optional.empty(), Map.of(), List.of());

        public Reach {
            client = Collections.unmodifiableMap(new TreeMap<>(client));
            data = List.copyOf(data);
        }
    }

    /**
     * Checks before anything is written whether this host has what the run needs.
     *
     * @param place folder for the files of the run
     * @return the plan with remarks on this host
     * @throws CommandException with what is missing and what to do
     */
    public static LaunchPlan requireHost(LaunchPlan plan, Path place) {
        HostFigures host = HostFigures.current(place);
        List<String> missing = HostLimits.problems(plan, host);
        if (!missing.isEmpty()) {
            throw new CommandException(ExitCode.USAGE, Preparation.message("run on this host", missing));
        }
        return plan.noting(HostLimits.notes(plan, host));
    }

    /**
     * Begins a run in a directory that {@code fresh} makes once the broker's address is known to be usable.
     *
     * @param address address of the embedded broker
     * @param given the experiment as it was given, for {@code config.yaml}
     */
    public static LocalRun begin(LaunchPlan plan, HostPort address, Supplier<RunDirectory> fresh, String given) {
        Experiment asked = plan.experiment();
        Host.requireOpenFiles(Host.current().openFilesMax(), asked.peers().size());
        Optional<String> external = asked.kafka().bootstrap();
        external.ifPresent(
                b -> Launcher.requireAnswer(new KafkaAddress(b, asked.kafka().client())));
        RunDirectory empty = fresh.get();
        String bootstrap = external.orElseGet(
                () -> new BrokerFolder(empty.broker()).address(address).toString());
        RunDirectory directory = empty.at(bootstrap, external.isEmpty());
        Experiment decided = Preparation.decided(
                asked,
                external,
                TorchThreads.perPeer(
                        asked.threads().torchPerPeer(),
                        asked.peers().size(),
                        Runtime.getRuntime().availableProcessors()));
        directory.write("config.yaml", ExperimentYaml.givenWithoutSecrets(given, asked));
        directory.write(RunDirectory.EFFECTIVE, ExperimentYaml.writeWithoutSecrets(decided));
        directory.writeClientSettings(decided.kafka().client());
        return new LocalRun(directory, Preparation.plan(decided, plan), address, false);
    }

    /**
     * Resumes the run of a directory with the experiment it began with.
     *
     * @param how to reach its broker and its data from now on
     * @param say receives a line when the broker has to move
     */
    public static LocalRun resume(RunDirectory directory, Reach how, Consumer<String> say) {
        directory.writeClientSettings(how.client());
        if (how.data().isEmpty()) {
            requireData(directory);
        }
        LaunchPlan plan = Preparation.with(
                Preparation.prepare(Optional.of(directory.effective()), how.data()), directory.client(how.client()));
        Host.requireOpenFiles(
                Host.current().openFilesMax(), plan.experiment().peers().size());
        if (!how.data().isEmpty()) {
            directory.write(RunDirectory.EFFECTIVE, ExperimentYaml.writeWithoutSecrets(plan.experiment()));
        }
        if (!directory.about().embedded()) {
            how.listen().ifPresent(address -> {
                throw new CommandException(
                        ExitCode.USAGE,
                        "--listen " + address + ": run " + directory.id() + " has no built-in broker but uses "
                                + directory.about().bootstrap() + "; leave --listen out");
            });
            return how.bootstrap()
                    .map(moved -> moved(directory, plan, moved))
                    .orElseGet(() -> new LocalRun(directory, plan, HostPort.LOOPBACK, true));
        }
        how.bootstrap().ifPresent(elsewhere -> {
            throw new CommandException(
                    ExitCode.USAGE,
                    "--bootstrap " + elsewhere + ": run " + directory.id()
                            + " has a built-in broker, which holds its log; --listen moves it");
        });
        HostPort before = HostPort.parse(
                "broker of run " + directory.id(), directory.about().bootstrap());
        HostPort free = Listening.again(before, how.listen(), say);
        HostPort address = free.port() == 0 ? BrokerFolder.anotherAddress(free) : free;
        new BrokerFolder(directory.broker()).address(address);
        RunDirectory there = directory.at(address.toString(), true);
        // The ports of the proxy matter to its own processes only, and may be in use, too.
        there.links().ifPresent(links -> there.write(Launcher.links(plan.experiment())));
        return new LocalRun(there, plan, address, true);
    }

    /** Resumes a run on the same cluster at another address. */
    private static LocalRun moved(RunDirectory directory, LaunchPlan plan, String bootstrap) {
        RunPlace place = new RunPlace(
                directory.id(),
                new KafkaAddress(bootstrap, plan.experiment().kafka().client()));
        Launcher.requireAnswer(place.address());
        place.connect().close();
        RunDirectory there = directory.at(bootstrap, false);
        Experiment decided = Preparation.decided(
                plan.experiment(),
                Optional.of(bootstrap),
                plan.experiment().threads().torchPerPeer().orElse(1));
        there.write(RunDirectory.EFFECTIVE, ExperimentYaml.writeWithoutSecrets(decided));
        return new LocalRun(there, Preparation.plan(decided, plan), HostPort.LOOPBACK, true);
    }

    private static void requireData(RunDirectory directory) {
        Preparation.read(Optional.of(directory.effective()), List.of(), new Problems())
                .flatMap(experiment -> experiment.data().path())
                .filter(path -> !Files.exists(Path.of(path)))
                .ifPresent(path -> {
                    throw new CommandException(
                            ExitCode.USAGE,
                            "data folder " + path + " of run " + directory.id()
                                    + " no longer exists: name its new place with --data-path DIR");
                });
    }

    /** Trains to the end, first the stored teachers of the method if they are missing; empty when interrupted. */
    public Optional<Result> train(Interruption interruption, Screen screen) {
        Optional<TeacherTraining> before = TeacherTraining.before(directory, plan, address);
        Optional<LaunchPlan> ready = before.isEmpty()
                ? Optional.of(plan)
                : before.get().train(interruption, screen).map(this::taught);
        return ready.flatMap(whole -> train(whole, interruption, screen));
    }

    /** Records the stored teachers, so that a resumed run has them, too. */
    private LaunchPlan taught(Experiment.Method method) {
        Experiment taught = plan.experiment().withMethod(method);
        directory.write(RunDirectory.EFFECTIVE, ExperimentYaml.writeWithoutSecrets(taught));
        return Preparation.plan(taught, plan);
    }

    private Optional<Result> train(LaunchPlan whole, Interruption interruption, Screen screen) {
        Launcher.Setting setting = new Launcher.Setting(
                Jvm.current(), whole.experiment().threads().torchPerPeer().orElse(1));
        try (Launcher launcher =
                new Launcher(directory, whole, setting, Fork.of(directory).map(f -> f), interruption, screen)) {
            return launcher.run();
        } catch (InterruptedException e) {
            return Optional.empty();
        }
    }

    /** Writes {@code report.html} and {@code result.json}, and returns the result beside those of other seeds. */
    public Result conclude(Result alone) {
        Result result = alone.beside(OtherSeeds.beside(directory, alone.view().closedStep()))
                .taughtBy(TeacherTraining.result(directory))
                .forkedFrom(Fork.of(directory).flatMap(Fork::end));
        try {
            String configuration = Files.readString(directory.effective());
            directory.write("report.html", Report.html(result, configuration));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        directory.write(RunDirectory.RESULT, result.json() + "\n");
        return result;
    }

    @Override
    public void close() {
        directory.close();
    }
}
