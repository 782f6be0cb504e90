package dev.cohort.launch.conform;

import dev.cohort.launch.CommandName;
import dev.cohort.launch.Interruption;
import dev.cohort.launch.LaunchPlan;
import dev.cohort.launch.RunDirectory;
import dev.cohort.launch.chaos.Chaos;
import dev.cohort.launch.local.LocalRun;
import dev.cohort.launch.local.Preparation;
import dev.cohort.protocol.PeerId;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.HostPort;
import dev.cohort.runtime.kafka.HostileSender;
import dev.cohort.runtime.kafka.KafkaAddress;
import dev.cohort.runtime.kafka.RunLog;
import dev.cohort.study.conform.Provocation;
import dev.cohort.study.view.Screen;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * A run of its own on this machine, in which a peer is waited for, provoked and asked to leave. Two small peers take part; the
 * run needs three, so nothing happens without the peer that is judged.
 */
public final class Rehearsal {
    private static final Duration MANIFEST_LIMIT = Duration.ofMinutes(2);
    private static final long SEED = 1;

    /**
     * An epoch of 20 steps, images through Kafka so that the peer needs no data, its own pictures for each slot, and checkpoints
     * often enough that a restart shows.
     */
    private static final List<String> SETTINGS = List.of(
            "run.name=conform",
            "run.steps=1000",
            "run.batch_size=25",
            "data.mode=pixels",
            "data.validation=0.95",
            "augment.per_peer=true",
            "mix.kind=cutmix_per_peer",
            "method.name=dml",
            "peers=[{id: p1, model: mlp32}, {id: p2, model: mlp32}]",
            "elastic.min=3",
            "elastic.max=4",
            "pace.deadline_ms=60000",
            "pace.start_ms=600000",
            "threads.torch_per_peer=1",
            "record.checkpoint_steps=5");

    private final PeerId peer;
    private final long patienceS;
    private final Consumer<String> say;
    private Optional<String> failure = Optional.empty();

    /**
     * @param peer that is judged
     * @param patienceS seconds that the peer may take to join, and to react to each provocation
     * @param say receives a line for each event
     */
    public Rehearsal(PeerId peer, long patienceS, Consumer<String> say) {
        this.peer = peer;
        this.patienceS = patienceS;
        this.say = say;
    }

    /**
     * Plays to the end.
     *
     * @param runs folder for the run
     * @param more settings of the experiment that replace those of the rehearsal
     * @return the directory of the run, whose log is complete
     * @throws CommandException when the run cannot be started
     */
    public RunDirectory play(Path runs, List<String> more) {
        List<String> settings = new ArrayList<>(SETTINGS);
        settings.addAll(Preparation.typed(more));
        LaunchPlan plan = LocalRun.requireHost(Preparation.prepare(Optional.empty(), settings, runs), runs);
        LocalDateTime now = LocalDateTime.now(ZoneOffset.UTC);
        try (Interruption interruption = Interruption.listen();
                LocalRun run = LocalRun.begin(
                        plan,
                        HostPort.LOOPBACK,
                        () -> RunDirectory.create(runs, "conform", now),
                        Preparation.quickstart())) {
            Provoking provoking = new Provoking(run.directory());
            Thread thread = new Thread(provoking, "provoking");
            thread.setDaemon(true);
            thread.start();
            boolean ended = run.train(interruption, Screen.quiet()).isPresent();
            thread.join();
            if (!ended) {
                throw new CommandException(ExitCode.FAILED, "stopped before the end of the rehearsal");
            }
            failure = provoking.failure;
            return RunDirectory.find(runs, Optional.of(run.directory().path().toString()));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new CommandException(ExitCode.FAILED, "interrupted during the rehearsal", e);
        }
    }

    /** Why the rehearsal was not played to its end, if it was not. */
    public Optional<String> failure() {
        return failure;
    }

    /** What happens beside the run. */
    private final class Provoking implements Runnable {
        private final RunDirectory directory;
        private Optional<String> failure = Optional.empty();

        Provoking(RunDirectory directory) {
            this.directory = directory;
        }

        @Override
        public void run() {
            KafkaAddress address = directory.address(Map.of());
            try (RunLog log = RunLog.connect(address, directory.id(), Provocation.SENDER, (code, what, cause) -> {
                        throw new CommandException(code, what, cause);
                    });
                    Chaos chaos = new Chaos(
                            directory.processes(),
                            Optional.of(HostileSender.connect(address, directory.id(), SEED)),
                            Optional.empty(),
                            say)) {
                log.awaitManifest(MANIFEST_LIMIT);
                say.accept("Waiting for peer " + peer + ": run " + directory.id() + ", broker " + address + ".");
                say.accept("Of Cohort itself:  "
                        + CommandName.line("join --run " + directory.id() + "@" + address + " --peer " + peer));
                new Provocations(peer, log, chaos, patienceS, say).carryOut();
            } catch (CommandException e) {
                failure = Optional.ofNullable(e.getMessage());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
