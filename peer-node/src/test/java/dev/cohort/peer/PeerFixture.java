package dev.cohort.peer;

import dev.cohort.experiment.Experiment.Optimizer;
import dev.cohort.experiment.Experiment.Schedule;
import dev.cohort.peer.plain.OneHiddenLayer;
import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Normalisation;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Recipe;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** A peer with a small network, and the messages of a run whose epochs have two batches. */
final class PeerFixture {
    static final PeerId SELF = new PeerId("p1");
    static final Digest DATA = new Hasher().text("data").digest();
    static final ImageShape IMAGE = new ImageShape(2, 2, 1);
    static final int ROWS = 3;
    static final int CLASSES = 2;
    static final int HIDDEN = 4;
    static final long RESEND_MS = 100;
    private static final int STEPS_PER_EPOCH = 2;
    private static final long STEPS = 12;
    private static final long CHECKPOINT_STEPS = 5;

    final OneHiddenLayer learner = learner();
    final Kept checkpoints = new Kept();

    static OneHiddenLayer learner() {
        Optimizer optimizer = new Optimizer(0.1, 0.9, false, 0, new Schedule(Schedule.Shape.CONSTANT, List.of(), 1, 0));
        return new OneHiddenLayer(IMAGE, new Normalisation(List.of(0.5), List.of(0.3)), HIDDEN, CLASSES, optimizer, 3);
    }

    static PeerSetting setting(long incarnation, boolean observer, Optional<Integer> slot, boolean fromHead) {
        return setting(incarnation, observer, slot, fromHead, List.of(TensorName.FEATURES));
    }

    static PeerSetting setting(
            long incarnation, boolean observer, Optional<Integer> slot, boolean fromHead, List<String> reads) {
        return new PeerSetting(
                SELF,
                incarnation,
                "one-hidden-layer",
                "cpu",
                1,
                "djl",
                observer,
                slot,
                fromHead,
                reads,
                DType.FLOAT32,
                DType.FLOAT32,
                DType.FLOAT32,
                DATA,
                Ints.of(0, 1),
                STEPS,
                step -> 0.1,
                CHECKPOINT_STEPS,
                true,
                RESEND_MS);
    }

    Peer peer(PeerSetting setting) {
        return new Peer(setting, learner, new Pictures(), checkpoints);
    }

    /** A named contributor in slot 0. */
    Peer peer() {
        return peer(setting(1, false, Optional.of(0), false));
    }

    /** Delivers the messages, then calls the peer as long as it asks to be called at once; returns everything it has sent. */
    static List<Message> deliver(Peer peer, long nowMs, Message... messages) {
        List<Message> sent = new ArrayList<>();
        for (Message message : messages) {
            sent.addAll(peer.onMessage(message, nowMs));
        }
        while (peer.nextDeadlineMs() <= nowMs) {
            sent.addAll(peer.onDeadline(nowMs));
        }
        return sent;
    }

    static <M extends Message> List<M> only(Class<M> type, List<Message> sent) {
        return sent.stream().filter(type::isInstance).map(type::cast).toList();
    }

    static Batch batch(long step) {
        Ints rows = Ints.of(0, 1, 1);
        Ints uncut = Ints.of(0, 0, 0);
        return new Batch(
                step,
                (int) ((step - 1) / STEPS_PER_EPOCH),
                step % STEPS_PER_EPOCH == 0,
                new SoftLabels(CLASSES, List.of(rows), List.of(1.0)),
                new Recipe(
                        rows,
                        List.of(),
                        OptionalDouble.empty(),
                        0,
                        List.of(new Recipe.View(uncut, uncut, uncut, List.of()))),
                List.of(DATA),
                Optional.empty());
    }

    static Outcome skipped(long step) {
        return new Outcome(step, 0, "c1", DATA, List.of(), new Outcome.Skipped(Outcome.SkipReason.TOO_FEW));
    }

    /** Targets computed from a prediction of this peer with these tensors, and perhaps a part for this peer alone. */
    static Outcome targets(long step, Digest tensors, Optional<Addressed> part) {
        Tensor mean = Tensor.of(DType.FLOAT32, new double[] {2, -2, -2, 2, 1, 1}, ROWS, CLASSES);
        Tensor gates = Tensor.of(DType.FLOAT32, new double[] {0.7, 0.6, 0.5}, ROWS, 1);
        return new Outcome(
                step,
                0,
                "c1",
                DATA,
                List.of(new Outcome.Contributor(SELF, 0, 1, step - 1, tensors)),
                new Outcome.Targets(
                        1,
                        List.of(
                                new Term.SoftTarget("e", mean, Term.Space.LOGITS, Term.Vote.INCLUDED, 1, 3),
                                new Term.GatedCrossEntropy("e", gates, 1)),
                        part.stream()
                                .map(p -> new Outcome.Part(SELF, p.digest()))
                                .toList(),
                        true));
    }

    static Addressed part(long step) {
        double[] gradient = new double[ROWS * HIDDEN];
        Arrays.fill(gradient, 0.25);
        Term leaf =
                new Term.LeafGradient("gate", TensorName.FEATURES, Tensor.of(DType.FLOAT32, gradient, ROWS, HIDDEN));
        return new Addressed(step, 0, SELF, 0, List.of(leaf));
    }

    static Digest publishedFor(List<Message> sent) {
        return only(Prediction.class, sent).get(0).tensors().digest();
    }
}
