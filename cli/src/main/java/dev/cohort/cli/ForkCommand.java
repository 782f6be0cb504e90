package dev.cohort.cli;

import dev.cohort.launch.Interruption;
import dev.cohort.launch.LaunchPlan;
import dev.cohort.launch.Listening;
import dev.cohort.launch.RunDirectory;
import dev.cohort.launch.local.Fork;
import dev.cohort.launch.local.ForkPlan;
import dev.cohort.launch.local.LocalRun;
import dev.cohort.launch.local.Preparation;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.HostPort;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.study.view.Screen;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Starts a run that shares the first steps of another one. */
@Command(
        name = "fork",
        mixinStandardHelpOptions = true,
        description = {
            "Start a new run from a step of a finished one.",
            "The fork holds the first steps of its parent and continues on the same batches with"
                    + " other settings. Unlike a scenario of 'cohort replay', a fork shows how the students" + " react."
        },
        footer = "    cohort fork RUN --at 300 --set method.temperature=5")
final class ForkCommand implements Callable<Integer> {
    @Parameters(
            arity = "0..1",
            paramLabel = "RUN",
            description = "Id or directory of the parent run. Default: the newest run.")
    private Optional<String> run = Optional.empty();

    @Mixin
    private RunsFolder runs = new RunsFolder();

    @Option(names = "--at", required = true, paramLabel = "STEP", description = "Last step that both runs share.")
    private long step;

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Set a key of the experiment for the steps after the shared ones, such as"
                    + " method.temperature=5. Repeatable.")
    private List<String> settings = new ArrayList<>();

    @Option(
            names = "--run-dir",
            paramLabel = "DIR",
            description = "New or empty directory for the fork. Default: <runs>/<time>-<name>-fork.")
    private Optional<Path> runDirectory = Optional.empty();

    @Option(
            names = "--listen",
            paramLabel = "HOST[:PORT]",
            description = "Address on which the built-in broker listens. Default: 127.0.0.1.")
    private String listen = HostPort.LOOPBACK.host();

    @Mixin
    private DataPathOption data = new DataPathOption();

    @Mixin
    private KafkaConfigOption config = new KafkaConfigOption();

    @Mixin
    private ResultOptions output = new ResultOptions();

    @Override
    public Integer call() {
        RunDirectory parent = RunDirectory.find(runs.path(), run);
        if (RunDirectory.isHeld(parent.path())) {
            throw new CommandException(
                    ExitCode.USAGE, "run " + parent.id() + ": is still running; stop it, or wait for its end");
        }
        Screen screen = output.screen();
        ForkPlan fork = ForkPlan.of(parent, step, settings(), config.settings(), runs.path());
        LaunchPlan plan = LocalRun.requireHost(fork.launch(), runDirectory.orElse(runs.path()));
        HostPort address = HostPort.parse("--listen", listen);
        if (plan.experiment().kafka().bootstrap().isEmpty()) {
            Listening.requireFree(address);
        }
        LocalDateTime now = LocalDateTime.now(ZoneOffset.UTC);
        String name = plan.experiment().run().name();
        try (Interruption interruption = Interruption.listen();
                LocalRun started = LocalRun.begin(
                        plan,
                        address,
                        () -> {
                            RunDirectory fresh = runDirectory
                                    .map(dir -> RunDirectory.createAt(dir, name, now))
                                    .orElseGet(() -> RunDirectory.create(runs.path(), name, now));
                            Fork.note(fresh, parent.path(), step);
                            return fresh;
                        },
                        ExperimentYaml.writeWithoutSecrets(plan.experiment()))) {
            screen.say("Fork of run " + parent.id() + " at step " + step + ".");
            fork.learningRate().ifPresent(screen::say);
            return RunCommand.follow(started, interruption, screen, output.format());
        }
    }

    private List<String> settings() {
        List<String> all = new ArrayList<>(Preparation.typed(settings));
        all.addAll(data.setting());
        return all;
    }
}
