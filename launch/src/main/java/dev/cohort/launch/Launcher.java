package dev.cohort.launch;

import dev.cohort.augment.data.RunData;
import dev.cohort.coordinator.method.MethodCatalog;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.PeerId;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.kafka.AdvertisedBrokers;
import dev.cohort.runtime.kafka.BrokerPing;
import dev.cohort.runtime.kafka.KafkaAddress;
import dev.cohort.runtime.kafka.RunLog;
import dev.cohort.runtime.kafka.TopicPlan;
import dev.cohort.runtime.proxy.Links;
import dev.cohort.study.view.PeerView;
import dev.cohort.study.view.Result;
import dev.cohort.study.view.RunView;
import dev.cohort.study.view.Screen;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/** Runs a cohort on this machine from its first process to its report. */
public final class Launcher implements AutoCloseable {
    /** Limit for the first record of a run; on a busy machine a broker that answers can still be slow to accept one. */
    private static final Duration FIRST_RECORD = Duration.ofMinutes(5);

    private static final Duration BROKER_ANSWER = Duration.ofSeconds(6);
    /** Additional limit for a broker that listens: on a busy machine a first answer is slow. */
    private static final Duration BROKER_LATE_ANSWER = Duration.ofSeconds(30);

    private static final Duration LAST_WORDS = Duration.ofMinutes(2);
    private static final Duration PATIENCE = Duration.ofSeconds(5);
    private static final long REDRAW_MS = 250;
    /** Processes that the others need for their last messages, in the order in which they end. */
    private static final List<String> INFRASTRUCTURE = List.of(Children.PROXY, Children.BROKER);

    private final RunDirectory directory;
    private final LaunchPlan plan;
    private final Setting setting;
    private final Optional<Prologue> prologue;
    private final Screen screen;
    private final long startedMs = RunObserver.nowMs();
    private volatile Optional<CommandException> broken = Optional.empty();
    private volatile Optional<RunObserver> observed = Optional.empty();
    private final Interruption interruption;
    private final Supervisor supervisor;
    private final List<AutoCloseable> open = new ArrayList<>();
    private final Children children;
    /** Newcomers that were started, by name. */
    private final Set<String> newcomers = new TreeSet<>();

    /**
     * @param prologue of the log, if it does not begin with the first batch
     * @param interruption polled while the run lasts
     */
    public Launcher(
            RunDirectory directory,
            LaunchPlan plan,
            Setting setting,
            Optional<Prologue> prologue,
            Interruption interruption,
            Screen screen) {
        this.directory = directory;
        this.plan = plan;
        this.setting = setting;
        this.prologue = prologue;
        this.screen = screen;
        this.interruption = interruption;
        this.supervisor = new Supervisor(directory.processes(), new Reports());
        this.children = new Children(setting.jvm(), directory, plan, setting.torchThreads());
    }

    /**
     * How processes are started.
     *
     * @param torchThreads of each peer
     */
    public record Setting(Jvm jvm, int torchThreads) {}

    /** Passes the supervisor's reports to the view, or ends the run. */
    private final class Reports implements Supervisor.Listener {
        @Override
        public void died(String name, String reason, long delayMs) {
            tell(view -> view.note(RunObserver.nowMs(), name, "died (" + reason + "), restarts in " + delayMs + " ms"));
        }

        @Override
        public void givenUp(String name, String reason) {
            boolean began = observed.map(o -> o.read(RunView::closedStep) > 0).orElse(false);
            if (!began
                    && plan.experiment().peers().stream()
                            .anyMatch(p -> p.id().value().equals(name))) {
                // The other peers would wait for it in vain.
                fail(new CommandException(
                        ExitCode.FAILED,
                        "peer " + name + " cannot start: " + reason + " (" + supervisor.log(name) + ")"));
                return;
            }
            tell(view -> view.giveUp(new PeerId(name), reason, RunObserver.nowMs()));
        }

        @Override
        public void broken(String name, ExitCode code, String reason) {
            fail(new CommandException(
                    code, "the " + name + " cannot be kept running: " + reason + "\n(" + supervisor.log(name) + ")"));
        }

        private void tell(Consumer<RunView> fact) {
            observed.ifPresent(o -> o.tell(fact));
        }
    }

    private synchronized void fail(CommandException reason) {
        broken = Optional.of(broken.orElse(reason));
        observed.ifPresent(RunObserver::wake);
    }

    /**
     * Starts everything and stays until the run is over.
     *
     * @return empty when it was interrupted
     * @throws CommandException when the run cannot start or continue
     */
    public Optional<Result> run() throws InterruptedException {
        if (interruption.requested()) {
            return Optional.empty();
        }
        KafkaAddress address = broker();
        RunLog log = keep(RunLog.connect(
                address,
                directory.id(),
                "launcher",
                (code, what, cause) -> fail(new CommandException(code, what, cause))));
        log.createTopics(TopicPlan.of(plan.experiment(), plan.manifest().maps()));
        if (!log.begun()) {
            prologue.ifPresent(p -> p.write(log));
            log.append(List.of(prologue.map(p -> p.manifest(plan.manifest())).orElse(plan.manifest())));
            if (!log.flush(FIRST_RECORD)) {
                throw new CommandException(
                        ExitCode.UNAVAILABLE,
                        "broker " + address + ": did not accept the first record of the run within "
                                + FIRST_RECORD.toMinutes() + " minutes");
            }
        } else {
            requireSameData(log);
        }
        RunObserver observer = keep(RunObserver.follow(
                log,
                new RunView(directory.id(), plan.manifest(), plan.experiment()),
                Optional.of(directory.path().resolve(RunDirectory.METRICS))));
        observed = Optional.of(observer);
        startRoles();
        announce(address);
        boolean whole = watch(observer);
        show(observer);
        return whole ? Optional.of(finish(observer)) : Optional.empty();
    }

    /** A resumed run must have the images it began with. */
    private void requireSameData(RunLog log) {
        try {
            RunData.requireSame(
                    log.awaitManifest(FIRST_RECORD),
                    plan.manifest(),
                    plan.experiment().data());
        } catch (IllegalArgumentException e) {
            throw new CommandException(ExitCode.USAGE, String.valueOf(e.getMessage()), e);
        }
    }

    private <T extends AutoCloseable> T keep(T resource) {
        open.add(resource);
        return resource;
    }

    private KafkaAddress broker() throws InterruptedException {
        Experiment.Kafka kafka = plan.experiment().kafka();
        if (!directory.about().embedded()) {
            KafkaAddress address = new KafkaAddress(directory.about().bootstrap(), kafka.client());
            requireAnswer(address);
            return address;
        }
        KafkaAddress address = KafkaAddress.of(directory.about().bootstrap());
        screen.say("Starting a Kafka broker on " + address + " ...");
        Optional<Path> links = directory.links().map(l -> directory.linksFile());
        supervisor.start(Children.broker(
                setting.jvm(), directory.broker(), address.servers().get(0), links));
        links.ifPresent(file -> supervisor.start(Children.proxy(setting.jvm(), file)));
        BrokerStart.await(address, supervisor.log(Children.BROKER), screen::say, () -> {
            stopIfBroken();
            if (interruption.requested()) {
                throw new InterruptedException("interrupted while the broker was starting");
            }
        });
        return address;
    }

    /** @throws CommandException when no broker answers, or this machine cannot reach the address that the broker advertises */
    public static void requireAnswer(KafkaAddress address) {
        if (!BrokerPing.awaitReady(address, BROKER_ANSWER)) {
            if (!BrokerPing.accepts(address)) {
                throw new CommandException(
                        ExitCode.UNAVAILABLE,
                        "broker " + address + ": no answer within " + BROKER_ANSWER.toSeconds()
                                + " s: check the address and that the broker runs, or leave out --bootstrap for a built-in one");
            }
            requireReachable(address);
            if (!BrokerPing.awaitReady(address, BROKER_LATE_ANSWER)) {
                throw new CommandException(
                        ExitCode.UNAVAILABLE,
                        "broker " + address + ": the port is open, but no Kafka broker answered within "
                                + BROKER_ANSWER.plus(BROKER_LATE_ANSWER).toSeconds()
                                + " s: check the address, whether the broker requires TLS or a password (--kafka-config), and"
                                + " that it advertises an address that this machine can reach");
            }
        }
        requireReachable(address);
    }

    private static void requireReachable(KafkaAddress address) {
        AdvertisedBrokers.obstacle(address).ifPresent(why -> {
            throw new CommandException(ExitCode.UNAVAILABLE, "broker " + address + " answers, but " + why);
        });
    }

    /** The links of a run whose processes reach the broker through a proxy. */
    public static Links links(Experiment experiment) {
        return Links.choose(Children.linked(experiment));
    }

    private void startRoles() {
        supervisor.start(children.coordinator());
        supervisor.start(children.augmenter());
        plan.experiment().peers().forEach(peer -> supervisor.start(children.peer(peer)));
    }

    /** Starts the newcomers that 'cohort scale' has asked for, before the run was resumed included. */
    private void startNewcomers() {
        for (Newcomers.Newcomer newcomer : Newcomers.of(directory).peers()) {
            ChildSpec child = children.newcomer(newcomer);
            // A drained peer stays away when the run is resumed.
            if (newcomers.add(child.name()) && !supervisor.hasLeft(child)) {
                supervisor.start(child);
            }
        }
    }

    private void announce(KafkaAddress address) {
        Experiment experiment = plan.experiment();
        screen.say("Run " + directory.id() + " in " + directory.path() + ": "
                + experiment.method().name() + ", " + experiment.contributors().size() + " peers, "
                + plan.manifest().steps() + " steps.");
        screen.say("Method " + MethodCatalog.get(experiment.method().name()).inForce(experiment.method()) + ".");
        screen.say("To join:  " + CommandName.line("join --run " + directory.id() + "@" + address));
    }

    /** Shows the run until it is over; false when it was interrupted. */
    private boolean watch(RunObserver observer) throws InterruptedException {
        while (!observer.read(RunView::ended)) {
            stopIfBroken();
            if (interruption.requested()) {
                return false;
            }
            startNewcomers();
            show(observer);
            observer.awaitNews(REDRAW_MS);
            // Messages arrive in bursts; a few redraws per second are enough.
            Thread.sleep(REDRAW_MS / 5);
        }
        return true;
    }

    private void show(RunObserver observer) {
        observer.read(view -> {
            screen.show(view, RunObserver.nowMs());
            return true;
        });
    }

    private void stopIfBroken() {
        broken.ifPresent(reason -> {
            throw reason;
        });
        observed.flatMap(o -> o.read(RunView::aborted)).ifPresent(why -> {
            throw new CommandException(ExitCode.FAILED, "the run was given up: " + why);
        });
    }

    private Result finish(RunObserver observer) throws InterruptedException {
        List<String> peers = new ArrayList<>(newcomers);
        plan.experiment().peers().forEach(p -> peers.add(p.id().value()));
        supervisor.awaitEnd(peers, LAST_WORDS);
        // The coordinator evaluates its teacher last.
        supervisor.awaitEnd(List.of(Children.COORDINATOR), LAST_WORDS);
        observer.awaitNews(REDRAW_MS);
        // Peers may end before the reason for an abort is read.
        stopIfBroken();
        Result result =
                observer.read(view -> new Result(view, directory.about().embedded(), RunObserver.nowMs() - startedMs));
        if (result.view().learners().stream().noneMatch(PeerView::finished)) {
            divergence(result.view()).ifPresent(what -> {
                throw new CommandException(ExitCode.FAILED, "no peer reached the end: " + what);
            });
            throw new CommandException(
                    ExitCode.FAILED,
                    "no peer reached the end: " + String.join("; ", lastEvents(result.view())) + " (see "
                            + directory.processes() + ")");
        }
        return result;
    }

    private static Optional<String> divergence(RunView view) {
        return view.learners().stream()
                .flatMap(p -> p.left().flatMap(Left::divergence).stream().map(d -> p.id() + " " + d))
                .findFirst();
    }

    private static List<String> lastEvents(RunView view) {
        List<RunView.Event> events = view.events();
        return events.subList(Math.max(0, events.size() - 3), events.size()).stream()
                .map(e -> e.peer() + " " + e.what())
                .toList();
    }

    /** Ends every process, the broker last, and closes the log. */
    @Override
    public void close() {
        try {
            List<String> roles = new ArrayList<>(supervisor.names());
            roles.removeAll(INFRASTRUCTURE);
            supervisor.stop(roles, PATIENCE);
            for (int i = open.size() - 1; i >= 0; i--) {
                open.get(i).close();
            }
        } catch (Exception e) {
            screen.say("While ending the run: " + e);
        } finally {
            INFRASTRUCTURE.forEach(name -> supervisor.stop(List.of(name), PATIENCE));
            supervisor.close();
        }
    }
}
