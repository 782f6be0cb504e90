package dev.cohort.launch;

import dev.cohort.broker.EmbeddedBroker;
import dev.cohort.experiment.Experiment;
import dev.cohort.peer.djl.Architecture;
import dev.cohort.peer.djl.ModelCatalog;
import dev.cohort.runtime.HostPort;
import dev.cohort.runtime.proxy.Links;
import dev.cohort.tensor.DType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The processes of a run and how each is started. */
final class Children {
    static final String BROKER = "broker";
    static final String PROXY = "proxy";
    static final String AUGMENTER = "augmenter";
    static final String COORDINATOR = "coordinator";

    private static final long MIB = 1L << 20;
    private static final long COORDINATOR_HEAP = 512 * MIB;
    /** Copies of all feature maps of a step, in binary64, that a teacher may hold: inputs, activations and gradients. */
    private static final int MAP_COPIES = 12;

    private static final long ROLE_HEAP = 256 * MIB;
    /** Reading data holds the packed and the unpacked form at once. */
    private static final int DATA_COPIES = 3;

    private final Jvm jvm;
    private final RunDirectory directory;
    private final LaunchPlan plan;
    private final int torchThreads;
    private final Optional<Links> links;

    /** @param torchThreads of each peer */
    Children(Jvm jvm, RunDirectory directory, LaunchPlan plan, int torchThreads) {
        this.jvm = jvm;
        this.directory = directory;
        this.plan = plan;
        this.torchThreads = torchThreads;
        this.links = directory.links();
    }

    /** Names of the processes that can reach the broker through a proxy. */
    static List<String> linked(Experiment experiment) {
        List<String> names = new ArrayList<>(List.of(AUGMENTER, COORDINATOR));
        experiment.peers().forEach(p -> names.add(p.id().value()));
        return names;
    }

    /** @param links file of the links that the broker serves beside its own address, if any */
    static ChildSpec broker(Jvm jvm, Path data, HostPort address, Optional<Path> links) {
        List<String> arguments = new ArrayList<>(List.of(
                "broker",
                "--dir",
                data.toString(),
                "--host",
                address.host(),
                "--port",
                Integer.toString(address.port())));
        links.ifPresent(file -> arguments.addAll(List.of("--links", file.toString())));
        return new ChildSpec(
                BROKER, BROKER, true, start -> jvm.plain(EmbeddedBroker.JVM_FLAGS, arguments), jvm.environment());
    }

    static ChildSpec proxy(Jvm jvm, Path links) {
        List<String> arguments = List.of("proxy", "--links", links.toString());
        return new ChildSpec(PROXY, PROXY, true, start -> jvm.light(ROLE_HEAP, arguments), jvm.environment());
    }

    ChildSpec augmenter() {
        List<String> arguments = withData(arguments("augment", AUGMENTER));
        return new ChildSpec(AUGMENTER, "augment", true, start -> jvm.light(dataHeap(), arguments), jvm.environment());
    }

    ChildSpec coordinator() {
        List<String> arguments = arguments("coordinator", COORDINATOR);
        return new ChildSpec(
                COORDINATOR, "coordinator", true, start -> coordinatorCommand(arguments), jvm.environment());
    }

    /** With feature maps, a step of a teacher is millions of multiplications: the optimising compiler pays for itself. */
    private List<String> coordinatorCommand(List<String> arguments) {
        long maps = plan.manifest().maps().bySlot().values().stream()
                .flatMap(List::stream)
                .mapToLong(shape -> (long) shape.get(0) * shape.get(1) * shape.get(2))
                .sum();
        long bytes = maps * plan.experiment().run().batchSize() * DType.FLOAT64.bytes();
        return maps == 0
                ? jvm.light(COORDINATOR_HEAP, arguments)
                : jvm.computing(COORDINATOR_HEAP + MAP_COPIES * bytes, arguments);
    }

    ChildSpec peer(Experiment.Peer peer) {
        String id = peer.id().value();
        return new ChildSpec(
                id,
                "peer",
                false,
                start -> {
                    List<String> arguments = withData(arguments("peer", id));
                    arguments.addAll(List.of("--peer", id, "--incarnation", Long.toString(start)));
                    if (peer.hasOwnNetwork()) {
                        // Whoever starts the run named the code.
                        arguments.add("--allow-python");
                    }
                    return jvm.learning(peerHeap(peer), torchThreads, arguments);
                },
                jvm.learningEnvironment(torchThreads, directory.path()));
    }

    /** A peer that the experiment does not name. It keeps its id over all starts, and with it its seat and checkpoints. */
    ChildSpec newcomer(Newcomers.Newcomer newcomer) {
        String id = newcomer.id().value();
        Experiment.Peer self = new Experiment.Peer(newcomer.id(), newcomer.model(), "auto", 0, false);
        return new ChildSpec(
                id,
                "peer",
                false,
                start -> {
                    List<String> arguments = withData(arguments("join", id));
                    arguments.addAll(List.of("--peer", id, "--model", newcomer.model()));
                    arguments.addAll(List.of("--incarnation", Long.toString(start)));
                    return jvm.learning(peerHeap(self), newcomer.torchThreads(), arguments);
                },
                jvm.learningEnvironment(newcomer.torchThreads(), directory.path()));
    }

    private long dataHeap() {
        return ROLE_HEAP + DATA_COPIES * plan.dataBytes();
    }

    /** The heap of any role, for the data above all, and what the catalogue gives for the network. */
    private long peerHeap(Experiment.Peer peer) {
        long network =
                ModelCatalog.find(peer.model()).map(Architecture::heapMebibytes).orElse(0) * MIB;
        return dataHeap() + network;
    }

    private List<String> arguments(String command, String name) {
        List<String> arguments = new ArrayList<>(List.of(
                command,
                "--run",
                directory.id(),
                "--bootstrap",
                bootstrap(name),
                "--run-dir",
                directory.path().toString()));
        clientSettings().ifPresent(file -> arguments.addAll(List.of("--kafka-config", file.toString())));
        return arguments;
    }

    /** Passes the current data folder, since the log only has the one that the run began with. */
    private List<String> withData(List<String> arguments) {
        plan.experiment().data().path().ifPresent(path -> arguments.addAll(List.of("--data-path", path)));
        return arguments;
    }

    private String bootstrap(String name) {
        return links.flatMap(l -> l.of(name))
                .map(link -> HostPort.LOOPBACK.with(link.port()).toString())
                .orElse(directory.about().bootstrap());
    }

    /** Kafka client settings are passed in a file, since every user can read the command line of a process. */
    private Optional<Path> clientSettings() {
        return plan.experiment().kafka().client().isEmpty()
                ? Optional.empty()
                : Optional.of(directory.clientSettings());
    }
}
