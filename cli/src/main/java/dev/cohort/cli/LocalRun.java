package dev.cohort.cli;

import dev.cohort.cli.launch.Interruption;
import dev.cohort.cli.launch.Jvm;
import dev.cohort.cli.launch.LaunchException;
import dev.cohort.cli.launch.LaunchPlan;
import dev.cohort.cli.launch.Launcher;
import dev.cohort.cli.launch.RunDirectory;
import dev.cohort.cli.launch.TorchThreads;
import dev.cohort.cli.view.Report;
import dev.cohort.cli.view.Result;
import dev.cohort.cli.view.Screen;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.runtime.kafka.EmbeddedBroker;
import dev.cohort.runtime.kafka.KafkaAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/** A run on this machine whose directory is held: begun or gone on with, trained, and put into its result and report. */
record LocalRun(RunDirectory directory, LaunchPlan plan, HostPort address, boolean resumed) implements AutoCloseable {
    /**
     * Begins a run in a directory that {@code fresh} makes once it is known that the broker's address can be used.
     *
     * @param address that the embedded broker listens on
     * @param given the experiment as it was given, for {@code config.yaml}
     */
    static LocalRun begin(LaunchPlan plan, HostPort address, Supplier<RunDirectory> fresh, String given) {
        Experiment asked = plan.experiment();
        Optional<String> external = asked.kafka().bootstrap();
        external.ifPresent(
                b -> Launcher.requireAnswer(new KafkaAddress(b, asked.kafka().client())));
        RunDirectory empty = fresh.get();
        String bootstrap =
                external.orElseGet(() -> EmbeddedBroker.address(empty.broker(), address.host(), address.port())
                        .bootstrap());
        RunDirectory directory = empty.at(bootstrap, external.isEmpty());
        Experiment decided = Preparation.decided(
                asked,
                external,
                TorchThreads.perPeer(
                        asked.threads().torchPerPeer(),
                        asked.peers().size(),
                        Runtime.getRuntime().availableProcessors()));
        directory.write("config.yaml", given);
        directory.write(RunDirectory.EFFECTIVE, ExperimentYaml.writeWithoutSecrets(decided));
        directory.writeClientSettings(decided.kafka().client());
        return new LocalRun(directory, Preparation.plan(decided, plan), address, false);
    }

    /** Goes on with the run of a directory, with the experiment it began with. */
    static LocalRun resume(RunDirectory directory, HostPort address) {
        return resume(directory, address, List.of());
    }

    /** @param moved where its data is now, as a setting; nothing when it is where it was */
    static LocalRun resume(RunDirectory directory, HostPort address, List<String> moved) {
        if (moved.isEmpty()) {
            requireData(directory);
        }
        LaunchPlan plan = Preparation.prepare(Optional.of(directory.effective()), moved);
        if (!moved.isEmpty()) {
            directory.write(RunDirectory.EFFECTIVE, ExperimentYaml.writeWithoutSecrets(plan.experiment()));
        }
        if (directory.about().embedded()) {
            EmbeddedBroker.address(directory.broker(), address.host(), address.port());
        }
        return new LocalRun(directory, plan, address, true);
    }

    private static void requireData(RunDirectory directory) {
        Preparation.read(Optional.of(directory.effective()), List.of(), new Problems())
                .flatMap(experiment -> experiment.data().path())
                .filter(path -> !Files.exists(Path.of(path)))
                .ifPresent(path -> {
                    throw new LaunchException(
                            ExitCode.USAGE,
                            "data folder " + path + " of run " + directory.id()
                                    + " does not exist any more: name where it is now with " + DataPathOption.NAME
                                    + " DIR");
                });
    }

    /** Trains to the end, first what its method imitates if that is not there; empty when it was interrupted. */
    Optional<Result> train(Interruption interruption, Screen screen) {
        Optional<TeacherTraining> before = TeacherTraining.before(directory, plan, address);
        Optional<LaunchPlan> ready = before.isEmpty()
                ? Optional.of(plan)
                : before.get().train(interruption, screen).map(this::taught);
        return ready.flatMap(whole -> train(whole, interruption, screen));
    }

    /** From now on the run has a teacher, also when it is resumed. */
    private LaunchPlan taught(Experiment.Method method) {
        Experiment taught = Preparation.with(plan.experiment(), method);
        directory.write(RunDirectory.EFFECTIVE, ExperimentYaml.writeWithoutSecrets(taught));
        return Preparation.plan(taught, plan);
    }

    private Optional<Result> train(LaunchPlan whole, Interruption interruption, Screen screen) {
        Launcher.Setting setting = new Launcher.Setting(
                Jvm.current(),
                address.host(),
                address.port(),
                whole.experiment().threads().torchPerPeer().orElse(1));
        try (Launcher launcher =
                new Launcher(directory, whole, setting, Fork.of(directory).map(f -> f), interruption, screen)) {
            return launcher.run();
        } catch (InterruptedException e) {
            return Optional.empty();
        }
    }

    /** Writes {@code report.html} and {@code result.json}, and returns the result beside those of other seeds. */
    Result conclude(Result alone) {
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
