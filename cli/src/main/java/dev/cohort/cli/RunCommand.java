package dev.cohort.cli;

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
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.HttpVerticle;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.runtime.kafka.EmbeddedBroker;
import dev.cohort.runtime.kafka.KafkaAddress;
import dev.cohort.tensor.DType;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A whole cohort on this machine. */
@Command(
        name = "run",
        mixinStandardHelpOptions = true,
        description = {
            "Trains a cohort on this machine: starts a Kafka broker, the augmenter, the coordinator and every peer as",
            "processes of their own, shows how they do, and leaves everything in a run directory.",
            "Without an experiment it runs the quickstart: built-in data, three small peers and a control."
        })
final class RunCommand implements Callable<Integer> {
    private static final int INTERRUPTED = 130;

    @Parameters(arity = "0..1", paramLabel = "EXPERIMENT.yaml", description = "The experiment. With --resume, the run.")
    private Optional<String> experiment = Optional.empty();

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "Sets a key of the experiment, such as method.name=dml. Can be given several times.")
    private List<String> settings = new ArrayList<>();

    @Option(names = "--peers", paramLabel = "N", description = "How many peers contribute. Short for --set peers=N.")
    private Optional<Long> peers = Optional.empty();

    @Option(names = "--steps", paramLabel = "N", description = "How many batches. Short for --set run.steps=N.")
    private Optional<Long> steps = Optional.empty();

    @Option(names = "--epochs", paramLabel = "N", description = "How many epochs. Short for --set run.epochs=N.")
    private Optional<Long> epochs = Optional.empty();

    @Option(
            names = "--run-dir",
            paramLabel = "DIR",
            description = "Directory of this run; new or empty. Default: <runs>/<time>-<name>.")
    private Optional<Path> runDirectory = Optional.empty();

    @Mixin
    private RunsFolder runs = new RunsFolder();

    @Mixin
    private BrokerOptions broker = new BrokerOptions();

    @Option(
            names = "--listen",
            paramLabel = "HOST[:PORT]",
            description = "Address of this machine on which the built-in broker listens. Default: 127.0.0.1.")
    private String listen = HttpVerticle.LOOPBACK;

    @Option(names = "--resume", description = "Go on with a run that was stopped: the one named, or the newest.")
    private boolean resume;

    @Option(names = "--format", description = "text, or json: the last line of standard output is one JSON object.")
    private OutputFormat format = OutputFormat.text;

    @Option(names = "--quiet", description = "Show nothing while it runs.")
    private boolean quiet;

    @Override
    public Integer call() {
        Screen screen = screen();
        HostPort address = HostPort.parse("--listen", listen);
        try (Started started = resume ? resumed(address) : begun(address)) {
            announce(started, screen);
            Launcher.Setting setting = new Launcher.Setting(
                    Jvm.current(),
                    address.host(),
                    address.port(),
                    started.plan().experiment().threads().torchPerPeer().orElse(1),
                    resume);
            Optional<Result> result;
            try (Launcher launcher = new Launcher(started.directory(), started.plan(), setting, screen)) {
                result = launcher.run();
            } catch (InterruptedException e) {
                result = Optional.empty();
            }
            if (result.isEmpty()) {
                System.err.println("cohort: stopped. Go on with:  ./cohort run --resume "
                        + started.directory().path());
                return INTERRUPTED;
            }
            return conclude(started.directory(), result.get(), screen);
        }
    }

    /** A run whose directory is held. */
    private record Started(RunDirectory directory, LaunchPlan plan) implements AutoCloseable {
        @Override
        public void close() {
            directory.close();
        }
    }

    private Screen screen() {
        if (quiet) {
            return Screen.quiet();
        }
        // JSON is for programs, which read standard output.
        boolean json = format == OutputFormat.json;
        PrintStream out = json ? System.err : System.out;
        // The script says which streams are terminals; Java itself answers only for all of them together.
        return Boolean.getBoolean(json ? "cohort.terminal.err" : "cohort.terminal.out")
                ? Screen.terminal(out)
                : Screen.lines(out);
    }

    private Started begun(HostPort address) {
        if (broker.bootstrap().isEmpty()) {
            Launcher.requireFree(address.host(), address.port());
        }
        LaunchPlan plan = Preparation.prepare(experiment.map(Path::of), allSettings());
        Experiment asked = plan.experiment();
        Optional<String> external = asked.kafka().bootstrap();
        external.ifPresent(
                b -> Launcher.requireAnswer(new KafkaAddress(b, asked.kafka().client())));
        LocalDateTime now = LocalDateTime.now(ZoneId.systemDefault());
        String name = asked.run().name();
        RunDirectory fresh = runDirectory
                .map(dir -> RunDirectory.createAt(dir, name, now))
                .orElseGet(() -> RunDirectory.create(runs.path(), name, now));
        String bootstrap =
                external.orElseGet(() -> EmbeddedBroker.address(fresh.broker(), address.host(), address.port())
                        .bootstrap());
        RunDirectory directory = fresh.at(bootstrap, external.isEmpty());
        Experiment decided = Preparation.decided(
                asked,
                external,
                TorchThreads.perPeer(
                        asked.threads().torchPerPeer(),
                        asked.peers().size(),
                        Runtime.getRuntime().availableProcessors()));
        directory.write("config.yaml", given());
        directory.write(RunDirectory.EFFECTIVE, ExperimentYaml.writeWithoutSecrets(decided));
        directory.writeClientSettings(decided.kafka().client());
        return new Started(directory, Preparation.plan(decided, plan));
    }

    private Started resumed(HostPort address) {
        Optional<String> run = runDirectory.map(Path::toString).or(() -> experiment);
        if (!allSettings().isEmpty()) {
            throw new LaunchException(
                    ExitCode.USAGE,
                    "--resume: a run goes on with the experiment it began with; leave out the settings");
        }
        RunDirectory directory = RunDirectory.resume(runs.path(), run);
        LaunchPlan plan = Preparation.prepare(Optional.of(directory.effective()), List.of());
        if (directory.about().embedded()) {
            EmbeddedBroker.address(directory.broker(), address.host(), address.port());
        }
        return new Started(directory, plan);
    }

    private List<String> allSettings() {
        List<String> all = new ArrayList<>(settings);
        peers.ifPresent(n -> all.add("peers=" + n));
        steps.ifPresent(n -> all.add("run.steps=" + n));
        epochs.ifPresent(n -> all.add("run.epochs=" + n));
        broker.bootstrap().ifPresent(b -> all.add("kafka.bootstrap=" + b));
        broker.client().forEach((key, value) -> all.add("kafka." + key + "=" + value));
        return all;
    }

    private String given() {
        try {
            String text =
                    experiment.isPresent() ? Files.readString(Path.of(experiment.get())) : Preparation.quickstart();
            StringBuilder all = new StringBuilder(text);
            allSettings().stream()
                    .filter(s -> !s.startsWith("kafka."))
                    .forEach(s -> all.append("# --set ").append(s).append('\n'));
            return all.toString();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void announce(Started started, Screen screen) {
        Experiment said = started.plan().experiment();
        if (said.wire().logits() != DType.FLOAT64 && said.wire().logits() != DType.FLOAT32) {
            screen.say("Inexact: logits travel as " + said.wire().logits() + ".");
        }
        if (said.wire().features() != DType.FLOAT64 && said.wire().features() != DType.FLOAT32) {
            screen.say("Inexact: features travel as " + said.wire().features() + ".");
        }
        boolean open = started.directory().about().embedded()
                && !HostPort.parse("--listen", listen).host().startsWith("127.");
        if (open) {
            screen.say("Warning: the broker listens on " + listen + " without encryption or passwords.");
        }
    }

    private int conclude(RunDirectory directory, Result alone, Screen screen) {
        Result result = alone.beside(OtherSeeds.beside(directory, alone.view().closedStep()));
        try {
            String configuration = Files.readString(directory.effective());
            directory.write("report.html", Report.html(result, configuration));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        String json = result.json().toString();
        directory.write("result.json", json + "\n");
        result.summary().forEach(screen::say);
        screen.say("Curves and figures: " + directory.path().resolve("report.html"));
        if (format == OutputFormat.json) {
            System.out.println(json);
        }
        System.out.flush();
        boolean all = result.view().peers().stream().allMatch(p -> p.finished() || p.drained());
        return (all ? ExitCode.OK : ExitCode.FAILED).code();
    }
}
