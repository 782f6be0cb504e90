package dev.cohort.cli;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Newcomer;
import dev.cohort.experiment.OwnNetwork;
import dev.cohort.launch.GuestName;
import dev.cohort.launch.Incarnations;
import dev.cohort.launch.RunPlace;
import dev.cohort.launch.local.OwnNetworks;
import dev.cohort.peer.process.CodeAccess;
import dev.cohort.peer.process.PeerProcess;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.PeerId;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.runtime.kafka.RunLog;
import dev.cohort.study.retrain.RunParts;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Adds a peer to a running run. */
@Command(
        name = "join",
        mixinStandardHelpOptions = true,
        description = {
            "Add a peer to a running run, from any machine.",
            "The machine must reach the broker of the run. 'cohort run' prints the command to copy."
        },
        footer = {
            "    cohort join                                  # the newest run of this machine",
            "    cohort join --run ID@HOST:PORT --model resnet14 --device cuda:0"
        },
        exitCodeList = {
            ExitText.OK,
            ExitText.FAILED,
            ExitText.USAGE,
            ExitText.LEFT,
            ExitText.UNAVAILABLE,
            ExitText.BUG,
            ExitText.FILE,
            ExitText.ORPHANED
        })
final class JoinCommand implements Callable<Integer> {
    private static final Duration LIMIT = Duration.ofSeconds(15);
    /** Model of a training loop, whose network nobody else can make. */
    private static final String LOOP = "loop:python";

    @Mixin
    private RoleTarget target = new RoleTarget();

    @Mixin
    private DataPathOption data = new DataPathOption();

    @Mixin
    private CodeOption code = new CodeOption();

    @Option(
            names = "--peer",
            paramLabel = "ID",
            description = "Id of the peer. Default: made from the host name and the process id.")
    private Optional<String> peer = Optional.empty();

    @Option(
            names = "--model",
            paramLabel = "MODEL",
            description = "Network of the peer: a name of 'cohort models', or your own, as in mynet.py:make. Default:"
                    + " that of the first peer of the run.")
    private Optional<String> model = Optional.empty();

    @Option(
            names = "--python",
            paramLabel = "COMMAND",
            description = "Python of a --model of your own. Default: COHORT_PYTHON, else python3.")
    private Optional<String> python = Optional.empty();

    @Option(names = "--pretrained", description = "Start from the weights that the library of --model provides.")
    private boolean pretrained;

    @Option(
            names = "--weights",
            paramLabel = "FILE",
            description = "Safetensors file of initial weights for a --model of your own.")
    private Optional<String> weights = Optional.empty();

    @Option(
            names = "--learner",
            paramLabel = "SOCKET",
            hidden = true,
            description = "Socket at which a training loop listens. cohort_learner.join sets it.")
    private Optional<Path> loop = Optional.empty();

    @Option(
            names = "--device",
            paramLabel = "DEVICE",
            description =
                    "auto, cpu or cuda:N; a network of your own also takes mps or xpu:N. Default: ${DEFAULT-VALUE}.")
    private String device = "auto";

    @Option(
            names = "--from",
            paramLabel = "WHERE",
            description = "Where to start. head: at the step that is open now; beginning: train through the whole"
                    + " log first; checkpoint: at the newest checkpoint of this peer. Default:" + " ${DEFAULT-VALUE}.")
    private Where from = Where.head;

    @Option(
            names = "--incarnation",
            paramLabel = "N",
            description = "Number of this start of the peer, from 1. Default: one more than the log shows.")
    private Optional<Long> incarnation = Optional.empty();

    /** Values of {@code --from}. */
    private enum Where {
        head(PeerProcess.Start.HEAD),
        beginning(PeerProcess.Start.BEGINNING),
        checkpoint(PeerProcess.Start.CHECKPOINT);

        private final PeerProcess.Start start;

        Where(PeerProcess.Start start) {
            this.start = start;
        }
    }

    @Override
    public Integer call() {
        PeerId id = new PeerId(peer.orElseGet(GuestName::ofThisProcess));
        RunPlace place = target.place();
        Experiment experiment = experiment(place);
        boolean named = experiment.peers().stream().anyMatch(p -> p.id().equals(id));
        if (named) {
            throw new CommandException(
                    ExitCode.USAGE,
                    "peer " + id + ": the experiment of run " + place.id() + " already names it; choose another id, or"
                            + " start it with 'cohort peer'");
        }
        Experiment.Peer newcomer = newcomer(experiment, id);
        long start =
                incarnation.isPresent() ? incarnation.get() : Incarnations.ofNewcomer(place.address(), place.id(), id);
        System.err.println("Joining run " + place.id() + " as " + id + " (" + newcomer.model() + ").");
        return PeerProcess.run(
                        target.options(place, id.value(), start),
                        new RunParts(),
                        Optional.of(newcomer),
                        from.start,
                        data.path(),
                        access())
                .code();
    }

    private Experiment.Peer newcomer(Experiment experiment, PeerId id) {
        if (loop.isPresent()) {
            return Newcomer.of(experiment, id, LOOP, device);
        }
        Experiment.Peer like = experiment.peers().get(0);
        Experiment.Peer plain = Newcomer.of(experiment, id, model.orElse(like.model()), device);
        return plain.with(OwnNetworks.withWholePath(plain.model()), OwnNetwork.of(python, pretrained, weights));
    }

    /** A network that this command line names was chosen here. */
    private CodeAccess access() {
        return loop.<CodeAccess>map(CodeAccess.Listening::new)
                .orElseGet(() -> model.isPresent() ? new CodeAccess.Allowed() : code.access());
    }

    private static Experiment experiment(RunPlace place) {
        try (RunLog log = place.connect()) {
            Manifest manifest = log.awaitManifest(LIMIT);
            return ExperimentYaml.read(manifest.experiment());
        }
    }
}
