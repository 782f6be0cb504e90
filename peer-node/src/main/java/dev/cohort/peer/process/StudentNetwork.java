package dev.cohort.peer.process;

import dev.cohort.distill.OwnTeacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.OwnNetwork;
import dev.cohort.peer.Learner;
import dev.cohort.peer.checkpoint.StoredNetwork;
import dev.cohort.peer.djl.LearnerSetting;
import dev.cohort.peer.djl.ModelCatalog;
import dev.cohort.peer.djl.TorchEngine;
import dev.cohort.peer.external.ExternalLearner;
import dev.cohort.peer.external.ExternalSetting;
import dev.cohort.peer.external.Interpreter;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Normalisation;
import dev.cohort.runtime.ProductFolder;
import dev.cohort.tensor.DType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * The network of a peer, in this process or in one of its own.
 *
 * @param about description of the network for its checkpoints
 * @param threads number of threads it computes with
 * @param framework as in {@link Joining#framework}
 */
public record StudentNetwork(Learner learner, StoredNetwork.About about, int threads, String framework)
        implements AutoCloseable {
    private static final Duration REPLY_LIMIT = Duration.ofMinutes(30);

    /**
     * Makes the network with its initial weights.
     *
     * @param ownTeacher second network that the method keeps beside the student
     * @throws IllegalArgumentException when it cannot be made; the message says what to do
     */
    public static StudentNetwork of(
            Manifest manifest, Experiment experiment, Experiment.Peer self, OwnTeacher ownTeacher, CodeAccess access) {
        if (self.hasOwnNetwork()) {
            return external(manifest, experiment, self, ownTeacher, access);
        }
        LearnerSetting setting = LearnerSetting.of(
                        manifest,
                        experiment.optimizer(),
                        self,
                        Math.max(0, experiment.peers().indexOf(self)))
                .withMaps(
                        self.control()
                                ? List.of()
                                : List.copyOf(manifest.maps().bySlot().keySet()));
        TorchEngine engine = TorchEngine.start();
        chosenThreads(experiment).ifPresent(engine::use);
        Learner learner = self.control() ? ModelCatalog.create(setting) : ModelCatalog.create(setting, ownTeacher);
        return new StudentNetwork(learner, setting.about(), engine.threads(), Joining.BUILT_IN);
    }

    /** The threads of one operation: as many as the start of this process says, else as the experiment says. */
    private static OptionalInt chosenThreads(Experiment experiment) {
        Optional<Integer> started = Optional.ofNullable(Integer.getInteger(TorchEngine.THREADS));
        return started.isPresent()
                ? OptionalInt.of(started.get())
                : experiment.threads().torchPerPeer();
    }

    private static StudentNetwork external(
            Manifest manifest, Experiment experiment, Experiment.Peer self, OwnTeacher ownTeacher, CodeAccess access) {
        if (!self.control() && !(ownTeacher instanceof OwnTeacher.None)) {
            throw new IllegalArgumentException(
                    "peer " + self.id() + ": method " + experiment.method().name()
                            + " keeps a second network beside each student, which only built-in models have; choose another"
                            + " method or model " + ModelCatalog.choices());
        }
        ExternalSetting setting = setting(
                new Input(manifest.image(), manifest.classes(), manifest.normalisation()),
                manifest.steps(),
                experiment,
                self);
        ExternalLearner learner = start(setting, self, access);
        return new StudentNetwork(
                learner,
                new StoredNetwork.About(self.model(), manifest.classes(), manifest.image(), manifest.normalisation()),
                setting.threads(),
                learner.framework());
    }

    private static ExternalLearner start(ExternalSetting setting, Experiment.Peer self, CodeAccess access) {
        if (access instanceof CodeAccess.Listening loop) {
            return ExternalLearner.connect(setting, loop.socket(), REPLY_LIMIT);
        }
        if (access instanceof CodeAccess.Refused) {
            throw new IllegalArgumentException("peer " + self.id() + ": its model " + self.model()
                    + " is code that the log of the run names, and it would run with your rights; if you trust it,"
                    + " add --allow-python, else name a model of your own with --model");
        }
        return ExternalLearner.start(setting, interpreter(self.own()));
    }

    /** The interpreter for a network: the one it names, or that of this machine. */
    public static Interpreter interpreter(OwnNetwork own) {
        Optional<Path> packages =
                ProductFolder.find().map(folder -> folder.resolve("python")).filter(Files::isDirectory);
        return Interpreter.of(own.python(), System.getenv(), packages);
    }

    /** The data of a network: size and normalisation of its images, and the number of classes. */
    public record Input(ImageShape image, int classes, Normalisation normalisation) {}

    /** The setting of a network in a process of its own, in FLOAT32. */
    public static ExternalSetting setting(Input input, long steps, Experiment experiment, Experiment.Peer self) {
        return new ExternalSetting(
                self.model(),
                input.image(),
                input.classes(),
                input.normalisation(),
                DType.FLOAT32,
                Math.max(0, experiment.contributors().indexOf(self)),
                self.seed(),
                experiment.run().seed(),
                steps,
                experiment.run().batchSize(),
                self.device(),
                chosenThreads(experiment).orElse(Runtime.getRuntime().availableProcessors()),
                experiment.optimizer().learningRate(),
                experiment.optimizer().update(),
                self.own().pretrained(),
                self.own().weights().map(Path::of),
                1);
    }

    @Override
    public void close() {
        learner.close();
    }
}
