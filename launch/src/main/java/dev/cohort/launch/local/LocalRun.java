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

/** A run on this machine whose directory is held: begun or gone on with, trained, and put into its result and report. */
public record LocalRun(RunDirectory directory, LaunchPlan plan, HostPort address, boolean resumed)
        implements AutoCloseable {
    /**
     * How a run that is gone on with reaches its broker and its data.
     *
     * @param listen where its own broker shall listen; empty leaves it where it was, if that can be
     * @param bootstrap address of the cluster it uses; empty leaves it as it was
     * @param client settings of the Kafka clients; empty leaves those of the run directory
     * @param data where its data is now, as a setting; empty when it is where it was
     */
    public record Reach(
            Optional<HostPort> listen, Optional<String> bootstrap, Map<String, String> client, List<String> data) {
        /** As before. */
        public static final Reach AS_BEFORE = new Reach(Optional.empty(), Optional.empty(), Map.of(), List.of());

        public Reach {
            client = Collections.unmodifiableMap(new TreeMap<>(client));
            data = List.copyOf(data);
        }
    }

    /**
     * Asks before anything is made whether this host has what the run needs.
     *
     * @param place where it is going to leave its files
     * @return the plan with what its starter should know of this host
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
     * Begins a run in a directory that {@code fresh} makes once it is known that the broker's address can be used.
     *
     * @param address that the embedded broker listens on
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
     * Goes on with the run of a directory, with the experiment it began with.
     *
     * @param how to reach its broker and its data from now on
     * @param say told when the broker has to move
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
                        "--listen " + address + ": run " + directory.id() + " has no broker of its own, it uses "
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
                            + " has a broker of its own, which holds its log; --listen moves it");
        });
        HostPort before = HostPort.parse(
                "broker of run " + directory.id(), directory.about().bootstrap());
        HostPort free = Listening.again(before, how.listen(), say);
        HostPort address = free.port() == 0 ? BrokerFolder.anotherAddress(free) : free;
        new BrokerFolder(directory.broker()).address(address);
        RunDirectory there = directory.at(address.toString(), true);
        // Those of the proxy are nobody's business but that of its processes, and may be taken, too.
        there.links().ifPresent(links -> there.write(Launcher.links(plan.experiment())));
        return new LocalRun(there, plan, address, true);
    }

    /** The same cluster by another address. */
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
                                    + " does not exist any more: name where it is now with " + "--data-path"
                                    + " DIR");
                });
    }

    /** Trains to the end, first what its method imitates if that is not there; empty when it was interrupted. */
    public Optional<Result> train(Interruption interruption, Screen screen) {
        Optional<TeacherTraining> before = TeacherTraining.before(directory, plan, address);
        Optional<LaunchPlan> ready = before.isEmpty()
                ? Optional.of(plan)
                : before.get().train(interruption, screen).map(this::taught);
        return ready.flatMap(whole -> train(whole, interruption, screen));
    }

    /** From now on the run has a teacher, also when it is resumed. */
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
