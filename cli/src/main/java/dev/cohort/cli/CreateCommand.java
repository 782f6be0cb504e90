package dev.cohort.cli;

import dev.cohort.coordinator.method.StoredTeacher;
import dev.cohort.launch.LaunchPlan;
import dev.cohort.launch.Launcher;
import dev.cohort.launch.local.Preparation;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.kafka.KafkaAddress;
import dev.cohort.runtime.kafka.RunLog;
import dev.cohort.runtime.kafka.TopicPlan;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Creates a run on a cluster without starting its processes, for containers or several machines. */
@Command(
        name = "create",
        mixinStandardHelpOptions = true,
        description = {
            "Create the topics of a run on a Kafka cluster.",
            "Also writes the first record of the run. Starts no process: start 'cohort augment',"
                    + " 'cohort coordinator' and 'cohort peer' on any machine. An existing run is left" + " unchanged."
        },
        footer = "    cohort create experiments/cifar100-one.yaml --run first --bootstrap kafka:9092")
final class CreateCommand implements Callable<Integer> {
    private static final Duration LIMIT = Duration.ofMinutes(2);

    @Parameters(
            arity = "0..1",
            paramLabel = "EXPERIMENT.yaml",
            description = "Experiment file. Default: the quickstart.")
    private Optional<Path> experiment = Optional.empty();

    @Option(names = "--set", paramLabel = "KEY=VALUE", description = "Set a key of the experiment. Repeatable.")
    private List<String> settings = new ArrayList<>();

    @Option(names = "--run", required = true, paramLabel = "ID", description = "Id of the new run.")
    private String run = "";

    @Mixin
    private BrokerOptions broker = new BrokerOptions();

    @Override
    public Integer call() {
        String bootstrap = broker.bootstrap()
                .orElseThrow(() -> new CommandException(
                        ExitCode.USAGE, "--bootstrap is missing: give HOST:PORT of a Kafka broker"));
        KafkaAddress address = new KafkaAddress(bootstrap, broker.client());
        List<String> all = new ArrayList<>(Preparation.typed(settings));
        all.add("kafka.bootstrap=" + bootstrap);
        LaunchPlan plan = Preparation.prepare(experiment, all);
        plan.notes().forEach(note -> System.err.println("Note: " + note + "."));
        if (StoredTeacher.training(plan.experiment().method()).isPresent()) {
            throw new CommandException(
                    ExitCode.USAGE,
                    "method.teacher: train: must be a checkpoint file, since this command does not train a teacher");
        }
        Launcher.requireAnswer(address);
        try (RunLog log = RunLog.connect(address, run, "launcher", (code, what, cause) -> {
            throw new CommandException(code, what, cause);
        })) {
            // Topics alone do not make a run: an operator or a killed 'create' may have made them.
            if (log.exists() && log.begun()) {
                System.err.println("Run " + run + " exists already.");
                return ExitCode.OK.code();
            }
            log.createTopics(TopicPlan.of(plan.experiment(), plan.manifest().maps()));
            log.append(List.of(plan.manifest()));
            if (!log.flush(LIMIT)) {
                throw new CommandException(
                        ExitCode.UNAVAILABLE, "broker " + address + ": did not accept the first record of the run");
            }
        }
        System.out.println("Run " + run + ": " + plan.manifest().steps() + " steps, peers "
                + plan.experiment().peers().stream().map(p -> p.id().value()).toList());
        return ExitCode.OK.code();
    }
}
