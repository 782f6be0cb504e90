package dev.cohort.cli;

import dev.cohort.launch.RunDirectory;
import dev.cohort.launch.RunHandle;
import dev.cohort.launch.chaos.Chaos;
import dev.cohort.launch.chaos.ChaosPlan;
import dev.cohort.launch.chaos.ChaosReport;
import dev.cohort.launch.chaos.ChaosSession;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.kafka.HostileSender;
import dev.cohort.runtime.proxy.Link;
import dev.cohort.runtime.proxy.LinkControl;
import dev.cohort.runtime.proxy.LinkFault;
import dev.cohort.runtime.proxy.Links;
import dev.cohort.study.report.OpenRun;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Disturbs a running run, and checks its promises at its end. */
@Command(
        name = "chaos",
        mixinStandardHelpOptions = true,
        description = {
            "Disturb a running run and check that every promise is kept.",
            "Kills and pauses local processes and writes false records, waits for the end of the"
                    + " run, and reports which promises were kept."
        },
        footer = {
            "    cohort chaos --kill any --pause --corrupt --duplicate --every 10 --seed 3",
            "    cohort chaos --slow p2 --delay-ms 200"
        },
        exitCodeList = {
            "0:Every promise was kept",
            "1:A promise was broken",
            ExitText.USAGE,
            ExitText.UNAVAILABLE,
            ExitText.BUG,
            ExitText.FILE
        })
final class ChaosCommand implements Callable<Integer> {
    private static final Map<String, List<String>> ROLES = Map.of(
            "peer", List.of("peer"),
            "coordinator", List.of("coordinator"),
            "augmenter", List.of("augment"),
            "broker", List.of("broker"),
            "any", List.of("augment", "broker", "coordinator", "peer"));

    @Parameters(
            arity = "0..1",
            paramLabel = "RUN",
            description = "Id or directory of the run. Default: the newest run.")
    private Optional<String> run = Optional.empty();

    @Mixin
    private RunsFolder runs = new RunsFolder();

    @Option(
            names = "--kill",
            paramLabel = "ROLE",
            description = "Kill processes of this role: peer, coordinator, augmenter, broker or any. Repeatable.")
    private List<String> kill = new ArrayList<>();

    @Option(names = "--pause", description = "Also pause processes of the same roles for up to 6 seconds.")
    private boolean pause;

    @Option(
            names = "--partition",
            description =
                    "Also disconnect processes from the broker for up to 6 seconds. Needs 'cohort run" + " --proxy'.")
    private boolean partition;

    @Option(names = "--cut", description = "Also cut connections to the broker. Needs 'cohort run --proxy'.")
    private boolean cut;

    @Option(
            names = "--slow",
            paramLabel = "PEER",
            description = "Slow down the connection of this process while disturbing. Repeatable. Needs 'cohort"
                    + " run --proxy'.")
    private List<String> slow = new ArrayList<>();

    @Option(
            names = "--delay-ms",
            paramLabel = "MS",
            description = "Delay in each direction for --slow. Default: ${DEFAULT-VALUE}.")
    private long delayMs = 200;

    @Option(names = "--corrupt", description = "Also write records that are not messages or belong to another run.")
    private boolean corrupt;

    @Option(names = "--duplicate", description = "Also write records a second time.")
    private boolean duplicate;

    @Option(names = "--every", paramLabel = "S", description = "Seconds between disturbances. Default: 10.")
    private long everyS = 10;

    @Option(
            names = "--for",
            paramLabel = "S",
            description = "Stop disturbing after this many seconds and wait for the end of the run. Default:"
                    + " disturb until the end.")
    private Optional<Long> forS = Optional.empty();

    @Mixin
    private DataPathOption data = new DataPathOption();

    @Mixin
    private CodeOption code = new CodeOption();

    @Option(names = "--seed", paramLabel = "N", description = "Seed of the random choices. Default: ${DEFAULT-VALUE}.")
    private long seed = 1;

    @Option(
            names = "--no-weights",
            description = "Do not retrain every peer at the end, which takes about as long as the run.")
    private boolean withoutWeights;

    @Mixin
    private FormatOption output = new FormatOption();

    @Override
    public Integer call() throws InterruptedException {
        if (everyS < 1 || forS.filter(s -> s < 1).isPresent()) {
            throw new CommandException(ExitCode.USAGE, "--every and --for: must be at least 1 second");
        }
        ChaosPlan.Kinds kinds = new ChaosPlan.Kinds(roles(), pause, partition, cut, corrupt, duplicate);
        Optional<ChaosPlan> plan =
                kinds.nothing() && !slow.isEmpty() ? Optional.empty() : Optional.of(new ChaosPlan(kinds, seed));
        RunDirectory directory = RunDirectory.find(runs.path(), run);
        if (!RunDirectory.isHeld(directory.path())) {
            throw new CommandException(
                    ExitCode.USAGE, "run " + directory.id() + ": not running on this machine; start it first");
        }
        Optional<Links> links = links(directory, kinds);
        Optional<HostileSender> sender = corrupt || duplicate
                ? Optional.of(HostileSender.connect(directory.address(Map.of()), directory.id(), seed))
                : Optional.empty();
        try (Chaos chaos = new Chaos(directory.processes(), sender, links.map(LinkControl::new), ChaosCommand::say)) {
            ChaosSession session = new ChaosSession(
                    directory, plan, links, new ChaosSession.Slowed(slow, delayMs), chaos, ChaosCommand::say);
            session.disturb(everyS, forS);
            try (OpenRun opened = RunHandle.of(directory).open()) {
                ChaosReport report = session.report(opened, data.open(opened), !withoutWeights, code.access());
                output.print(report);
                return (report.kept() ? ExitCode.OK : ExitCode.FAILED).code();
            }
        }
    }

    private static void say(String what) {
        System.err.println("chaos: " + what);
    }

    private List<String> roles() {
        List<String> roles = new ArrayList<>();
        for (String role : kill) {
            if (!ROLES.containsKey(role)) {
                throw new CommandException(
                        ExitCode.USAGE, "--kill " + role + ": must be peer, coordinator, augmenter, broker or any");
            }
            ROLES.getOrDefault(role, List.of()).stream()
                    .filter(r -> !roles.contains(r))
                    .forEach(roles::add);
        }
        return roles;
    }

    /** @throws CommandException when connections are to be disturbed without a proxy for the run or the process */
    private Optional<Links> links(RunDirectory directory, ChaosPlan.Kinds kinds) {
        Optional<Links> links = directory.links();
        if ((kinds.network() || !slow.isEmpty()) && links.isEmpty()) {
            throw new CommandException(
                    ExitCode.USAGE,
                    "--partition, --cut and --slow need a proxy in front of the broker, which run " + directory.id()
                            + " does not have: start it with 'cohort run --proxy'");
        }
        for (String process : slow) {
            if (links.flatMap(l -> l.of(process)).isEmpty()) {
                throw new CommandException(
                        ExitCode.USAGE,
                        "--slow " + process + ": run " + directory.id()
                                + " has no such process behind the proxy; it has "
                                + links.map(Links::all).orElse(List.of()).stream()
                                        .map(Link::process)
                                        .toList());
            }
        }
        if (delayMs < 1 || delayMs > LinkFault.Slowed.DELAY_MS_MAX) {
            throw new CommandException(
                    ExitCode.USAGE, "--delay-ms " + delayMs + ": must be 1.." + LinkFault.Slowed.DELAY_MS_MAX);
        }
        return links;
    }
}
