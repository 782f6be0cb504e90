package dev.cohort.exact;

import dev.cohort.augment.Augmenter;
import dev.cohort.augment.AugmenterSetting;
import dev.cohort.augment.BatchPlan;
import dev.cohort.augment.BatchRenderer;
import dev.cohort.peer.Peer;
import dev.cohort.protocol.Node;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.Faults;
import dev.cohort.runtime.NodeVerticle;
import dev.cohort.runtime.RoleProcess;
import dev.cohort.runtime.kafka.From;
import dev.cohort.runtime.kafka.KafkaAddress;
import dev.cohort.runtime.kafka.RunLog;
import dev.cohort.runtime.kafka.TopicPlan;
import java.util.EnumSet;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** Augmenter, coordinator and peers, each with a step thread and a connection to Kafka of its own. */
final class DistributedRun implements Faults {
    private static final Set<Topic> AUGMENTER = EnumSet.of(Topic.BATCHES, Topic.OUTCOMES, Topic.CONTROL);
    private static final Set<Topic> COORDINATOR = EnumSet.of(
            Topic.BATCHES, Topic.PREDICTIONS, Topic.OUTCOMES, Topic.MEMBERS, Topic.CONTROL, Topic.EVALUATIONS);
    private static final Set<Topic> PEER = EnumSet.of(Topic.BATCHES, Topic.OUTCOMES, Topic.MEMBERS, Topic.CONTROL);
    private static final long LIMIT_S = 240;

    private final KafkaAddress address;
    private final String runId;
    private final RoleProcess process;
    private final CompletableFuture<Void> failed = new CompletableFuture<>();

    private DistributedRun(KafkaAddress address, String runId, RoleProcess process) {
        this.address = address;
        this.runId = runId;
        this.process = process;
    }

    /**
     * Trains all steps of {@code setup} and returns what was written down.
     *
     * @param seenAs what is run in the place of each peer
     */
    static Recording record(KafkaAddress address, String runId, Setup setup, Function<Peer, Node> seenAs) {
        return record(address, runId, setup, Cohort.Students.builtIn(setup), seenAs);
    }

    /** Likewise, with the learners of {@code students}. */
    static Recording record(
            KafkaAddress address, String runId, Setup setup, Cohort.Students students, Function<Peer, Node> seenAs) {
        BatchRenderer renderer = new BatchRenderer(setup.data());
        try (Cohort cohort = new Cohort(setup, renderer, students);
                RoleProcess process = RoleProcess.start(runId)) {
            DistributedRun run = new DistributedRun(address, runId, process);
            run.log("launcher").createTopics(TopicPlan.of(setup.experiment(), setup.maps()));
            Augmenter augmenter = new Augmenter(
                    AugmenterSetting.of(setup.experiment()), BatchPlan.of(setup.experiment(), setup.data()), renderer);
            run.start("augmenter", augmenter, AUGMENTER, OptionalInt.empty(), () -> false);
            run.start(
                    "coordinator",
                    cohort.coordinator(),
                    with(COORDINATOR, Topic.MAPS, setup),
                    OptionalInt.empty(),
                    () -> false);
            CompletableFuture<?>[] left = new CompletableFuture<?>[setup.students()];
            for (int slot = 0; slot < left.length; slot++) {
                Peer peer = cohort.peers().get(slot);
                String name = setup.experiment().peers().get(slot).id().value();
                NodeVerticle verticle = run.start(
                        name,
                        seenAs.apply(peer),
                        with(PEER, Topic.GRADIENTS, setup),
                        OptionalInt.of(slot),
                        () -> peer.left().isPresent());
                left[slot] = verticle.finished().toCompletableFuture();
            }
            CompletableFuture.anyOf(run.failed, CompletableFuture.allOf(left))
                    .orTimeout(LIMIT_S, TimeUnit.SECONDS)
                    .join();
            return cohort.recording();
        }
    }

    private static Set<Topic> with(Set<Topic> topics, Topic further, Setup setup) {
        EnumSet<Topic> all = EnumSet.copyOf(topics);
        if (!setup.maps().bySlot().isEmpty()) {
            all.add(further);
        }
        return all;
    }

    private RunLog log(String name) {
        RunLog log = RunLog.connect(address, runId, name, this);
        process.closeAtEnd(log);
        return log;
    }

    private NodeVerticle start(String name, Node node, Set<Topic> topics, OptionalInt slot, BooleanSupplier finished) {
        RunLog log = log(name);
        NodeVerticle verticle = new NodeVerticle(
                NodeVerticle.Wiring.of(name, node, log.clock(), log, this).withFinished(finished));
        process.deploy(verticle);
        log.follow(topics, slot, From.BEGINNING, verticle.inbox());
        return verticle;
    }

    @Override
    public void fatal(ExitCode code, String what, Throwable cause) {
        failed.completeExceptionally(new IllegalStateException(what, cause));
    }
}
