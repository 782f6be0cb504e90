package dev.cohort.cli;

import dev.cohort.coordinator.process.RunTeacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.launch.Interruption;
import dev.cohort.launch.LaunchPlan;
import dev.cohort.launch.Listening;
import dev.cohort.launch.RunDirectory;
import dev.cohort.launch.RunHandle;
import dev.cohort.launch.local.Fork;
import dev.cohort.launch.local.ForkedRate;
import dev.cohort.launch.local.LocalRun;
import dev.cohort.launch.local.Preparation;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.HostPort;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.study.report.OpenRun;
import dev.cohort.study.view.OutputFormat;
import dev.cohort.study.view.Screen;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** A run that goes another way from one of its steps on. */
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
    private KafkaConfigOption config = new KafkaConfigOption();

    @Option(
            names = "--format",
            description = "text, or json: print the result as one JSON object in the last line. Default: text.")
    private OutputFormat format = OutputFormat.text;

    @Option(names = "--quiet", description = "Print nothing but errors and, with --format json, the result.")
    private boolean quiet;

    @Override
    public Integer call() {
        RunDirectory parent = RunDirectory.find(runs.path(), run);
        if (RunDirectory.isHeld(parent.path())) {
            throw new CommandException(
                    ExitCode.USAGE, "run " + parent.id() + ": is still going; stop it, or wait for its end");
        }
        Screen screen = quiet ? Screen.quiet() : RunCommand.screen(format);
        Checked checked = checked(parent);
        LaunchPlan plan = LocalRun.requireHost(checked.plan(), runDirectory.orElse(runs.path()));
        HostPort address = HostPort.parse("--listen", listen);
        if (plan.experiment().kafka().bootstrap().isEmpty()) {
            Listening.requireFree(address);
        }
        LocalDateTime now = LocalDateTime.now(ZoneOffset.UTC);
        String name = plan.experiment().run().name();
        try (Interruption interruption = Interruption.listen();
                LocalRun fork = LocalRun.begin(
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
            checked.learningRate().ifPresent(screen::say);
            return RunCommand.follow(fork, interruption, screen, format);
        }
    }

    /** @throws CommandException when the fork would not be the same run up to its step, or its log does not reach so far */
    private Checked checked(RunDirectory parent) {
        try (OpenRun opened = new RunHandle.Directory(parent, config.settings()).open()) {
            long whole = wholeSteps(opened);
            if (step < 1 || step > whole) {
                throw refused("--at " + step + ": the log of the parent has the steps 1 to " + whole);
            }
            Experiment before = opened.experiment();
            List<String> all =
                    new ArrayList<>(List.of("run.name=" + before.run().name() + "-fork"));
            all.addAll(Preparation.typed(settings));
            LaunchPlan asked = Preparation.prepare(Optional.of(parent.effective()), all, runs.path());
            LaunchPlan plan = Preparation.adding(asked, client(parent, asked));
            List<String> other = differences(opened.manifest(), before, plan);
            if (!other.isEmpty()) {
                throw refused(String.join(", ", other)
                        + ": cannot be set; the steps up to " + step
                        + " would have been others. A fork may change the method and its parameters, learning rate and"
                        + " schedule, pace, wire, record, elastic.min and the number of steps");
            }
            if (plan.manifest().steps() <= step) {
                throw refused("run.steps " + plan.manifest().steps() + ": must be more than " + step + " (--at)");
            }
            try {
                RunTeacher.of(plan.manifest().forkedFrom(Optional.of(Fork.parentOf(opened, step))), plan.experiment());
            } catch (IllegalArgumentException e) {
                throw refused("method " + plan.experiment().method().name() + ": " + e.getMessage());
            }
            return new Checked(
                    plan,
                    ForkedRate.of(opened.manifest(), before, plan.manifest(), plan.experiment(), step)
                            .sentence());
        }
    }

    /** A fork on the cluster of its parent speaks to it as its parent did. */
    private Map<String, String> client(RunDirectory parent, LaunchPlan plan) {
        boolean same = plan.experiment()
                .kafka()
                .bootstrap()
                .filter(b -> b.equals(parent.about().bootstrap()))
                .isPresent();
        return same ? parent.client(config.settings()) : config.settings();
    }

    /**
     * A fork that can be.
     *
     * @param learningRate what becomes of it, if it does not go on as in the parent
     */
    private record Checked(LaunchPlan plan, Optional<String> learningRate) {}

    private static CommandException refused(String why) {
        return new CommandException(ExitCode.USAGE, "fork: " + why);
    }

    /** So many steps from the first on have a batch and an outcome. */
    private static long wholeSteps(OpenRun opened) {
        AtomicLong batches = new AtomicLong();
        AtomicLong outcomes = new AtomicLong();
        opened.each(Topic.BATCHES, message -> {
            if (message instanceof Batch batch) {
                batches.compareAndSet(batch.step() - 1, batch.step());
            }
        });
        opened.each(Topic.OUTCOMES, message -> {
            if (message instanceof Outcome outcome) {
                outcomes.compareAndSet(outcome.step() - 1, outcome.step());
            }
        });
        return Math.min(batches.get(), outcomes.get());
    }

    /** Sections and keys that would make another run of the steps that are taken over. */
    private static List<String> differences(Manifest parent, Experiment before, LaunchPlan plan) {
        Experiment after = plan.experiment();
        List<String> other = new ArrayList<>();
        note(
                other,
                "data",
                !before.data().equals(after.data())
                        || !parent.dataDigest().equals(plan.manifest().dataDigest()));
        note(other, "augment", !before.augment().equals(after.augment()));
        note(other, "mix", !before.mix().equals(after.mix()));
        note(other, "run.seed", before.run().seed() != after.run().seed());
        note(other, "run.batch_size", before.run().batchSize() != after.run().batchSize());
        note(other, "peers", !before.peers().equals(after.peers()));
        note(other, "elastic.max", before.elastic().max() != after.elastic().max());
        note(other, "threads", !before.threads().equals(after.threads()));
        Experiment.Optimizer one = before.optimizer();
        Experiment.Optimizer two = after.optimizer();
        note(other, "optimizer.momentum", one.momentum() != two.momentum());
        note(other, "optimizer.nesterov", one.nesterov() != two.nesterov());
        note(other, "optimizer.weight_decay", one.weightDecay() != two.weightDecay());
        return other;
    }

    private static void note(List<String> other, String key, boolean differs) {
        if (differs) {
            other.add(key);
        }
    }
}
