package dev.cohort.augment.process;

import dev.cohort.augment.Augmenter;
import dev.cohort.augment.AugmenterSetting;
import dev.cohort.augment.AugmenterStatus;
import dev.cohort.augment.BatchPlan;
import dev.cohort.augment.BatchRenderer;
import dev.cohort.augment.data.ImageData;
import dev.cohort.augment.data.RunData;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.ExitCode;
import dev.cohort.runtime.NodeVerticle;
import dev.cohort.runtime.ObservedNode;
import dev.cohort.runtime.Status;
import dev.cohort.runtime.kafka.Following;
import dev.cohort.runtime.kafka.From;
import dev.cohort.runtime.session.RoleOptions;
import dev.cohort.runtime.session.Session;
import dev.cohort.runtime.session.TestImageTransfer;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/** The process of the augmenter, which has the data and publishes the batches. */
public final class AugmenterProcess {
    private static final Set<Topic> FOLLOWED = EnumSet.of(Topic.BATCHES, Topic.OUTCOMES, Topic.CONTROL);

    private AugmenterProcess() {}

    /**
     * Runs until the process is asked to end.
     *
     * @param dataPath path of the data on this machine; empty for the experiment's path
     * @throws IllegalArgumentException when the data cannot be read or is not the run's
     */
    public static ExitCode run(RoleOptions options, Optional<Path> dataPath) {
        Session session = Session.open(options);
        ImageData data = RunData.open(session.manifest(), session.experiment(), dataPath);
        BatchRenderer renderer = new BatchRenderer(data);
        if (session.experiment().data().mode() == Experiment.Data.Delivery.PIXELS) {
            session.log().append(TestImageTransfer.messages(renderer.testImages()));
        }
        Augmenter augmenter = new Augmenter(
                AugmenterSetting.of(session.experiment()), BatchPlan.of(session.experiment(), data), renderer);
        NodeVerticle verticle = new NodeVerticle(NodeVerticle.Wiring.of(
                        options.name(),
                        new ObservedNode(
                                options.name(), augmenter, session.process().registry()),
                        session.log().clock(),
                        session.log(),
                        session.process())
                .withStatus(() -> status(augmenter.status()))
                .withFinished(augmenter::finished));
        session.process().deploy(verticle);
        Following following = session.log().follow(FOLLOWED, OptionalInt.empty(), From.BEGINNING, verticle.inbox());
        session.process().closeAtEnd(following);
        session.process().serve(options.http(), () -> session.notReady(following));
        verticle.finished().thenRun(session::endWell);
        return session.process().await();
    }

    private static Status status(AugmenterStatus status) {
        return new Status(Map.of(
                "role", "augmenter",
                "planned", status.planned(),
                "sent", status.sent(),
                "logged", status.logged(),
                "resolved", status.resolved(),
                "unseen", status.unseen(),
                "ended", status.end().isPresent()));
    }
}
