package dev.cohort.cli;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.coordinator.process.RunTeacher;
import dev.cohort.launch.BrokerProcess;
import dev.cohort.launch.RunDirectory;
import dev.cohort.launch.bench.StudyBench;
import dev.cohort.launch.bench.SyntheticRun;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.HostPort;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.runtime.kafka.BrokerFolder;
import dev.cohort.runtime.kafka.RunLog;
import dev.cohort.runtime.kafka.TopicPlan;
import dev.cohort.study.view.ProgressLines;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Measures how fast a log is studied. */
@Command(
        name = "bench",
        mixinStandardHelpOptions = true,
        description = {
            "Measure how fast a synthetic run is read, verified and studied.",
            "Writes the log of a synthetic run to a real broker. The figures are ratios within one"
                    + " call; they mean nothing on a busy machine."
        },
        footer = "    cohort bench DIR --peers 8 --steps 2000")
final class BenchCommand implements Callable<Integer> {
    private static final Duration FLUSH = Duration.ofMinutes(2);

    @Parameters(
            index = "0",
            paramLabel = "DIR",
            description = "New or empty directory for the synthetic run, which is kept for other commands.")
    private Path directory = Path.of("");

    @Option(names = "--steps", paramLabel = "N", description = "Number of steps. Default: ${DEFAULT-VALUE}.")
    private long steps = 2_000;

    @Option(
            names = "--peers",
            paramLabel = "N",
            description = "Number of contributing peers. Default: ${DEFAULT-VALUE}.")
    private int peers = 8;

    @Option(names = "--classes", paramLabel = "N", description = "Number of classes. Default: ${DEFAULT-VALUE}.")
    private int classes = 100;

    @Option(names = "--rows", paramLabel = "N", description = "Rows per batch. Default: ${DEFAULT-VALUE}.")
    private int rows = 8;

    @Option(names = "--method", paramLabel = "NAME", description = "Method to measure. Default: ${DEFAULT-VALUE}.")
    private String method = "mean_logit";

    @Option(
            names = "--repeats",
            paramLabel = "N",
            description = "Number of repetitions of each measurement. Default: ${DEFAULT-VALUE}.")
    private int repeats = 3;

    @Override
    public Integer call() {
        atLeast("--steps", steps, 1);
        atLeast("--peers", peers, 2);
        atLeast("--classes", classes, 2);
        atLeast("--rows", rows, 1);
        atLeast("--repeats", repeats, 1);
        SyntheticRun.Size size = new SyntheticRun.Size(steps, peers, classes, rows, method);
        SyntheticRun run = new SyntheticRun(size);
        try (RunDirectory held = begin(run)) {
            long begunNanos = System.nanoTime();
            write(run, held);
            double writtenSeconds = (System.nanoTime() - begunNanos) / 1e9;
            ObjectNode json = new StudyBench(
                            held,
                            run.manifest(),
                            run.experiment(),
                            whatIf -> RunTeacher.of(
                                    run.manifest(), run.experiment().withMethod(whatIf.method())),
                            repeats,
                            System.err::println)
                    .measure();
            json.put("size", size.words()).put("written_seconds", writtenSeconds);
            System.out.println(json);
        }
        return ExitCode.OK.code();
    }

    private static void atLeast(String name, long value, long min) {
        if (value < min) {
            throw new CommandException(ExitCode.USAGE, name + " " + value + ": must be at least " + min);
        }
    }

    private RunDirectory begin(SyntheticRun run) {
        RunDirectory empty = RunDirectory.createAt(directory, "synthetic", LocalDateTime.now(ZoneOffset.UTC));
        HostPort address = new BrokerFolder(empty.broker()).address(HostPort.LOOPBACK);
        RunDirectory made = empty.at(address.toString(), true);
        made.write(RunDirectory.EFFECTIVE, ExperimentYaml.writeWithoutSecrets(run.experiment()));
        return made;
    }

    private void write(SyntheticRun run, RunDirectory held) {
        try (BrokerProcess broker = BrokerProcess.start(held);
                RunLog log = RunLog.connect(broker.address(), held.id(), "bench", (code, what, cause) -> {
                    throw new CommandException(code, what, cause);
                })) {
            log.createTopics(TopicPlan.of(run.experiment(), run.manifest().maps()));
            log.append(List.of(run.manifest()));
            run.write(log, new ProgressLines(System.err::println, false).steps("writes ", steps));
            if (!log.flush(FLUSH)) {
                throw new CommandException(
                        ExitCode.UNAVAILABLE,
                        "broker " + broker.address() + ": did not accept the run within " + FLUSH.toSeconds() + " s");
            }
        }
    }
}
