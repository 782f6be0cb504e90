package dev.cohort.cli;

import dev.cohort.protocol.Topic;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.study.report.OpenRun;
import dev.cohort.study.report.TopicListing;
import dev.cohort.study.view.OutputFormat;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Prints the records of a topic. */
@Command(
        name = "cat",
        mixinStandardHelpOptions = true,
        description = {
            "Print the decoded records of a topic, one per line.",
            "Prints partition by partition, and summarises tensors."
        },
        footer = {
            "    cohort topic cat outcomes --from step:10 --format json",
            "    cohort topic cat predictions --peer p1 --last 3"
        })
final class TopicCatCommand implements Callable<Integer> {

    @Parameters(
            index = "0",
            paramLabel = "TOPIC",
            description =
                    "run, batches, test-batches, predictions, outcomes, addressed, members, control, evaluations or"
                            + " snapshots.")
    private String topic = "";

    @Option(
            names = "--run",
            paramLabel = "RUN",
            description = "Id or directory of the run, or an archive. Default: the newest run. With --bootstrap,"
                    + " the id is required.")
    private Optional<String> run = Optional.empty();

    @Mixin
    private RunsFolder runs = new RunsFolder();

    @Mixin
    private BrokerOptions broker = new BrokerOptions();

    @Option(
            names = "--from",
            paramLabel = "WHERE",
            description = "Where to start: beginning, step:N (records about step N and later) or -K (the last K"
                    + " records of each partition). Default: beginning.")
    private String from = "beginning";

    @Option(
            names = "--last",
            paramLabel = "K",
            description = "Print the last K records of each partition. Short for --from -K.")
    private Optional<Integer> last = Optional.empty();

    @Option(names = "--peer", paramLabel = "PEER", description = "Print only records by this peer or about this peer.")
    private Optional<String> peer = Optional.empty();

    @Option(names = "--whole", description = "Print tensors in full. Needs --format json.")
    private boolean whole;

    @Option(
            names = "--format",
            paramLabel = "FORMAT",
            description = "text, or json: one object per line. Default: text.")
    private OutputFormat format = OutputFormat.text;

    @Override
    public Integer call() {
        Topic chosen = Arrays.stream(Topic.values())
                .filter(t -> t.suffix().equals(topic))
                .findFirst()
                .orElseThrow(() -> new CommandException(
                        ExitCode.USAGE,
                        "topic " + topic + ": must be one of "
                                + Arrays.stream(Topic.values())
                                        .map(Topic::suffix)
                                        .collect(Collectors.joining(", "))));
        OptionalLong firstStep = firstStep();
        int tail = tail();
        try (OpenRun opened = RecordedRun.open(run, runs, broker)) {
            new TopicListing(firstStep, tail, peer, whole, format, System.out).print(opened.log(), chosen);
        }
        return ExitCode.OK.code();
    }

    private OptionalLong firstStep() {
        if (!from.startsWith("step:")) {
            return OptionalLong.empty();
        }
        String number = from.substring("step:".length());
        if (!number.matches("[0-9]{1,18}")) {
            throw wrongFrom();
        }
        return OptionalLong.of(Long.parseLong(number));
    }

    /** Records to print per partition; 0 for all. */
    private int tail() {
        if (last.isPresent()) {
            return Math.max(1, last.get());
        }
        if (from.equals("beginning") || from.startsWith("step:")) {
            return 0;
        }
        if (!from.matches("-[1-9][0-9]{0,8}")) {
            throw wrongFrom();
        }
        return Integer.parseInt(from.substring(1));
    }

    private CommandException wrongFrom() {
        return new CommandException(ExitCode.USAGE, "--from " + from + ": must be beginning, step:N or -K");
    }
}
