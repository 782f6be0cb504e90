package dev.cohort.cli;

import dev.cohort.launch.CommandFailure;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.Software;
import dev.cohort.study.view.OutputClosed;
import dev.cohort.study.view.PrintableStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The {@code cohort} command. */
@Command(
        name = "cohort",
        // Every command inherits these exit codes and headings unless it has its own.
        scope = ScopeType.INHERIT,
        mixinStandardHelpOptions = true,
        versionProvider = Cohort.Version.class,
        description = "Trains networks that teach each other while they learn, over Kafka.",
        footerHeading = "%nExamples:%n",
        footer = {
            "    cohort run                  # train the quickstart",
            "    cohort peers                # watch the newest run",
            "    cohort verify               # recompute every outcome",
            "    cohort help run"
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            ExitText.OK,
            ExitText.FAILED,
            ExitText.USAGE,
            ExitText.UNAVAILABLE,
            ExitText.BUG,
            ExitText.FILE,
            ExitText.INTERRUPTED,
            ExitText.UNREAD
        },
        subcommands = {
            RunCommand.class,
            CompareCommand.class,
            CreateCommand.class,
            RunsCommand.class,
            JoinCommand.class,
            PeersCommand.class,
            DrainCommand.class,
            ScaleCommand.class,
            StopCommand.class,
            VerifyCommand.class,
            ReplayCommand.class,
            ForkCommand.class,
            DoctorCommand.class,
            ArchiveCommand.class,
            TimelineCommand.class,
            ChaosCommand.class,
            ConformCommand.class,
            BenchCommand.class,
            TopicCommand.class,
            DataCommand.class,
            MethodsCommand.class,
            ModelsCommand.class,
            WeightsCommand.class,
            AugmentCommand.class,
            CoordinatorCommand.class,
            PeerCommand.class,
            BrokerCommand.class,
            ProxyCommand.class,
            HelpCommand.class,
            CompletionCommand.class
        })
public final class Cohort {
    private static final Set<String> ROLES = Set.of("augment", "coordinator", "peer", "join");

    @Option(
            names = "--verbose",
            scope = ScopeType.INHERIT,
            description = "Show a stack trace with errors. COHORT_DEBUG=1 does the same.")
    private boolean verbose;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    Cohort() {}

    public static void main(String[] arguments) {
        // Kafka names files of its log with the digits of the default locale.
        Locale.setDefault(Locale.ROOT);
        System.setOut(new PrintableStream(new FileOutputStream(FileDescriptor.out), PrintableStream.Unread.ENDS));
        System.setErr(new PrintableStream(new FileOutputStream(FileDescriptor.err), PrintableStream.Unread.GOES_ON));
        PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
        PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
        int code = execute(out, err, arguments);
        System.out.flush();
        System.err.flush();
        // Before the command there are only options without values, such as --verbose.
        if (Stream.of(arguments).filter(word -> !word.startsWith("-")).limit(1).anyMatch(ROLES::contains)) {
            // Everything is closed by now, or could not be opened: remaining threads have no work.
            Runtime.getRuntime().halt(code);
        }
        System.exit(code);
    }

    /** The whole command line, to list its commands and options. */
    static CommandLine commandLine() {
        return new Cohort().parser();
    }

    private CommandLine parser() {
        CommandLine line = new CommandLine(this);
        CommandGroups.in(line);
        return line;
    }

    /** The command line of this command. */
    CommandLine line() {
        return spec.commandLine();
    }

    /** What {@code --version} prints. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {Software.current().toString()};
        }
    }

    /** Runs a command line and returns its exit code; reports errors on {@code err}. */
    static int execute(PrintWriter out, PrintWriter err, String... arguments) {
        Cohort cohort = new Cohort();
        CommandLine line = cohort.parser().setOut(out).setErr(err);
        line.setParameterExceptionHandler((e, given) -> {
            String message = e instanceof UnmatchedArgumentException unmatched
                    ? Mistyped.message(unmatched)
                    : String.valueOf(e.getMessage());
            complain(e.getCommandLine().getErr(), message);
            e.getCommandLine()
                    .getErr()
                    .println("Try '" + e.getCommandLine().getCommandSpec().qualifiedName() + " --help'.");
            return ExitCode.USAGE.code();
        });
        line.setExecutionExceptionHandler((e, command, parsed) -> cohort.report(e, command.getErr()));
        if (arguments.length == 0) {
            line.usage(line.getOut());
            return ExitCode.USAGE.code();
        }
        try {
            return line.execute(arguments);
        } catch (OutputClosed e) {
            return cohort.report(e, err);
        } catch (Error e) {
            // Picocli passes exceptions only.
            return cohort.report(e, err);
        }
    }

    private int report(Throwable e, PrintWriter err) {
        CommandFailure failure = CommandFailure.of(e);
        failure.message().ifPresent(message -> complain(err, message));
        if (failure.message().isPresent() && (verbose || "1".equals(System.getenv("COHORT_DEBUG")))) {
            e.printStackTrace(err);
        }
        err.flush();
        return failure.code().code();
    }

    private static void complain(PrintWriter err, String message) {
        // Further lines are indented, so that they do not look like messages.
        err.println("cohort: "
                + message.lines()
                        .map(line -> line.startsWith(" ") ? line : "  " + line)
                        .collect(Collectors.joining("\n"))
                        .strip());
    }
}
