package dev.cohort.cli;

import dev.cohort.launch.CommandName;
import dev.cohort.launch.RunDirectory;
import dev.cohort.launch.Scaling;
import dev.cohort.runtime.ExitCode;
import dev.cohort.study.view.OutputFormat;
import dev.cohort.study.view.Words;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Starts or drains local peers of a running run. */
@Command(
        name = "scale",
        mixinStandardHelpOptions = true,
        description = {
            "Start or drain local peers until N contribute.",
            "The launcher of the run keeps new peers running. Control peers do not count."
        },
        footer = {"    cohort scale 4", "    cohort scale 6 --model resnet8"})
final class ScaleCommand implements Callable<Integer> {
    @Parameters(paramLabel = "N", description = "Number of contributing peers, from elastic.min to elastic.max.")
    private int wanted;

    @Mixin
    private RunTarget target = new RunTarget();

    @Option(
            names = "--model",
            paramLabel = "MODEL",
            description = "Network of the new peers. Default: the networks of the experiment, in turn.")
    private Optional<String> model = Optional.empty();

    @Mixin
    private FormatOption output = new FormatOption();

    @Override
    public Integer call() throws InterruptedException, IOException {
        Scaling.Asked asked = new Scaling(wanted, model).carryOut(target.launched(), target.place());
        if (output.format() == OutputFormat.json) {
            System.out.println(asked.json());
            return ExitCode.OK.code();
        }
        RunDirectory directory = asked.directory();
        System.out.println(
                "Run " + directory.id() + ": " + asked.present().contributors().size() + " contributors, " + wanted
                        + " wanted: " + asked.words() + ".");
        int cores = asked.present().cores();
        if (!asked.plan().start().isEmpty() && asked.torchThreads() > cores) {
            System.out.println(asked.torchThreads() + " torch threads on " + cores
                    + " cores: the peers of this machine share the cores, and each gets slower.");
        }
        System.out.println(
                "Peers and their state:  " + CommandName.line("peers --run " + Words.shell(directory.path())));
        return ExitCode.OK.code();
    }
}
