package dev.cohort.cli;

import dev.cohort.augment.data.RunData;
import dev.cohort.experiment.Experiment;
import dev.cohort.launch.CommandName;
import dev.cohort.launch.Interruption;
import dev.cohort.launch.LaunchPlan;
import dev.cohort.launch.Launcher;
import dev.cohort.launch.Listening;
import dev.cohort.launch.RunDirectory;
import dev.cohort.launch.local.LocalRun;
import dev.cohort.launch.local.Preparation;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.HostPort;
import dev.cohort.study.view.LiveTable;
import dev.cohort.study.view.OutputFormat;
import dev.cohort.study.view.Result;
import dev.cohort.study.view.Screen;
import dev.cohort.study.view.Words;
import dev.cohort.tensor.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
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

/** Runs a whole cohort on this machine. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description = {
            "Train a cohort on this machine.",
            "Starts a Kafka broker, the augmenter, the coordinator and each peer as processes of"
                    + " their own, shows progress, and writes everything to a run directory. Without an"
                    + " experiment: the quickstart, with built-in data, three small peers and a control peer."
        },
        footer = {
            "    cohort run                                        # the quickstart",
            "    cohort run --steps 20 --quiet --format json",
            "    cohort run experiments/cifar100-one.yaml --set data.path=/data/cifar-100-binary",
            "    cohort run --resume                               # continue the newest run"
        })
final class RunCommand implements Callable<Integer> {
    private static final int INTERRUPTED = 130;

    @Parameters(
            arity = "0..1",
            paramLabel = "EXPERIMENT.yaml",
            description = "Experiment file. With --resume: the run to continue.")
    private Optional<String> experiment = Optional.empty();

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Set a key of the experiment, such as method.name=dml. Repeatable.")
    private List<String> settings = new ArrayList<>();

    @Option(names = "--peers", paramLabel = "N", description = "Number of contributing peers. Short for --set peers=N.")
    private Optional<Long> peers = Optional.empty();

    @Option(names = "--steps", paramLabel = "N", description = "Number of batches. Short for --set run.steps=N.")
    private Optional<Long> steps = Optional.empty();

    @Option(names = "--epochs", paramLabel = "N", description = "Number of epochs. Short for --set run.epochs=N.")
    private Optional<Long> epochs = Optional.empty();

    @Option(
            names = "--run-dir",
            paramLabel = "DIR",
            description = "New or empty directory for the run. Default: <runs>/<time>-<name>.")
    private Optional<Path> runDirectory = Optional.empty();

    @Mixin
    private RunsFolder runs = new RunsFolder();

    @Mixin
    private BrokerOptions broker = new BrokerOptions();

    @Option(
            names = "--listen",
            paramLabel = "HOST[:PORT]",
            description = "Address on which the built-in broker listens. Default: 127.0.0.1; with --resume, the"
                    + " previous address.")
    private Optional<String> listen = Optional.empty();

    @Option(
            names = "--proxy",
            description = "Put a TCP proxy between each process and the built-in broker, so that 'cohort chaos'"
                    + " can partition, slow down and cut connections.")
    private boolean proxy;

    @Mixin
    private DataPathOption data = new DataPathOption();

    @Option(names = "--resume", description = "Continue a stopped run: the one named, or the newest.")
    private boolean resume;

    @Mixin
    private ResultOptions output = new ResultOptions();

    @Override
    public Integer call() {
        Screen screen = output.screen();
        Optional<HostPort> address = listen.map(text -> HostPort.parse("--listen", text));
        try (Interruption interruption = Interruption.listen();
                LocalRun run = resume ? resumed(address, screen) : begun(address, screen)) {
            announce(run, screen);
            return follow(run, interruption, screen, output.format());
        }
    }

    /** Follows a run to its end and prints its result; returns the exit code of the command. */
    static int follow(LocalRun run, Interruption interruption, Screen screen, OutputFormat format) {
        Optional<Result> result = run.train(interruption, screen);
        if (result.isEmpty()) {
            System.err.println("cohort: stopped. Continue with:  "
                    + CommandName.line(
                            "run --resume " + Words.shell(run.directory().path())));
            return INTERRUPTED;
        }
        return conclude(run, result.get(), screen, format);
    }

    private LocalRun begun(Optional<HostPort> wanted, Screen screen) {
        HostPort address = wanted.orElse(HostPort.LOOPBACK);
        broker.bootstrap().ifPresent(this::requireNothingOfAnOwnBroker);
        if (broker.bootstrap().isEmpty()) {
            Listening.requireFree(address);
        }
        LaunchPlan plan = LocalRun.requireHost(
                Preparation.adding(
                        Preparation.prepare(experiment.map(Path::of), allSettings(), runs.path(), screen::say),
                        broker.client()),
                runDirectory.orElse(runs.path()));
        plan.experiment().kafka().bootstrap().ifPresent(this::requireNothingOfAnOwnBroker);
        String name = plan.experiment().run().name();
        LocalDateTime now = LocalDateTime.now(ZoneOffset.UTC);
        LocalRun begun = LocalRun.begin(
                plan,
                address,
                () -> runDirectory
                        .map(dir -> RunDirectory.createAt(dir, name, now))
                        .orElseGet(() -> RunDirectory.create(runs.path(), name, now)),
                given());
        if (proxy) {
            begun.directory().write(Launcher.links(begun.plan().experiment()));
        }
        return begun;
    }

    /** Refuses options of the built-in broker for another broker, where they would have no effect. */
    private void requireNothingOfAnOwnBroker(String bootstrap) {
        Optional<String> option = listen.isPresent() ? Optional.of("--listen") : Optional.empty();
        option.or(() -> proxy ? Optional.of("--proxy") : Optional.empty()).ifPresent(name -> {
            throw new CommandException(
                    ExitCode.USAGE,
                    name + ": applies to the built-in broker only, and this run uses the broker " + bootstrap
                            + "; leave out " + name + ", or the other broker");
        });
    }

    private LocalRun resumed(Optional<HostPort> address, Screen screen) {
        Optional<String> run = runDirectory.map(Path::toString).or(() -> experiment);
        if (!experimentSettings().isEmpty() || proxy) {
            throw new CommandException(
                    ExitCode.USAGE,
                    "--resume: a run continues with the experiment it began with; leave out the settings and --proxy");
        }
        return LocalRun.resume(
                RunDirectory.resume(runs.path(), run),
                new LocalRun.Reach(address, broker.bootstrap(), broker.client(), data.setting()),
                screen::say);
    }

    private List<String> allSettings() {
        List<String> all = experimentSettings();
        broker.bootstrap().ifPresent(b -> all.add("kafka.bootstrap=" + b));
        return all;
    }

    private List<String> experimentSettings() {
        List<String> all = new ArrayList<>(Preparation.typed(settings));
        if (!resume) {
            all.addAll(data.setting());
        }
        peers.ifPresent(n -> all.add("peers=" + n));
        steps.ifPresent(n -> all.add("run.steps=" + n));
        epochs.ifPresent(n -> all.add("run.epochs=" + n));
        return all;
    }

    private String given() {
        try {
            String text =
                    experiment.isPresent() ? Files.readString(Path.of(experiment.get())) : Preparation.quickstart();
            StringBuilder all = new StringBuilder(text);
            allSettings().stream()
                    .filter(s -> !s.strip().startsWith("kafka"))
                    .forEach(s -> all.append("# --set ").append(s).append('\n'));
            return all.toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void announce(LocalRun started, Screen screen) {
        Experiment planned = started.plan().experiment();
        screen.say("Data: " + RunData.words(started.plan().manifest()) + ", "
                + planned.data().name()
                + planned.data().path().map(p -> " in " + p).orElse(", built in") + ".");
        started.plan().notes().forEach(note -> screen.say("Note: " + note + "."));
        if (planned.wire().logits() != DType.FLOAT64 && planned.wire().logits() != DType.FLOAT32) {
            screen.say("Inexact: logits are sent as " + planned.wire().logits() + ".");
        }
        if (planned.wire().features() != DType.FLOAT64 && planned.wire().features() != DType.FLOAT32) {
            screen.say("Inexact: features are sent as " + planned.wire().features() + ".");
        }
        if (started.directory().about().embedded() && !started.address().isLoopback()) {
            screen.say(
                    "Warning: the broker listens on " + started.address().host() + " without encryption or passwords.");
        }
    }

    private static int conclude(LocalRun run, Result alone, Screen screen, OutputFormat format) {
        Result result = run.conclude(alone);
        screen.end(LiveTable.rows(result.view()));
        result.summary().forEach(screen::tell);
        List<String> unfinished = result.view().unfinished();
        unfinished.forEach(peer -> System.err.println(
                "cohort: " + peer + "; its log is in " + run.directory().path().resolve("processes")));
        screen.say("Curves and figures: " + run.directory().path().resolve("report.html"));
        if (format == OutputFormat.json) {
            System.out.println(result.json());
        }
        System.out.flush();
        return (unfinished.isEmpty() ? ExitCode.OK : ExitCode.FAILED).code();
    }
}
