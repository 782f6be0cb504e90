package dev.cohort.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.experiment.Experiment.Optimizer;
import dev.cohort.experiment.Experiment.Schedule;
import dev.cohort.peer.plain.OneHiddenLayer;
import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.End;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Normalisation;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.PeerState;
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
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class PeerTest {
    private static final PeerId SELF = new PeerId("p1");
    private static final Digest DATA = new Hasher().text("data").digest();
    static final ImageShape IMAGE = new ImageShape(2, 2, 1);
    static final int ROWS = 3;
    private static final int CLASSES = 2;
    private static final int HIDDEN = 4;
    private static final long RESEND_MS = 100;
    private static final int STEPS_PER_EPOCH = 2;
    private static final long STEPS = 12;
    private static final long CHECKPOINT_STEPS = 5;

    private final OneHiddenLayer learner = learner();
    private final Kept checkpoints = new Kept();

    private static OneHiddenLayer learner() {
        Optimizer optimizer = new Optimizer(0.1, 0.9, false, 0, new Schedule(Schedule.Shape.CONSTANT, List.of(), 1, 0));
        return new OneHiddenLayer(IMAGE, new Normalisation(List.of(0.5), List.of(0.3)), HIDDEN, CLASSES, optimizer, 3);
    }

    private static PeerSetting setting(long incarnation, boolean observer, Optional<Integer> slot, boolean fromHead) {
        return setting(incarnation, observer, slot, fromHead, List.of(TensorName.FEATURES));
    }

    private static PeerSetting setting(
            long incarnation, boolean observer, Optional<Integer> slot, boolean fromHead, List<String> reads) {
        return new PeerSetting(
                SELF,
                incarnation,
                "one-hidden-layer",
                "cpu",
                1,
                observer,
                slot,
                fromHead,
                reads,
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

    private Peer peer(PeerSetting setting) {
        return new Peer(setting, learner, new Pictures(), checkpoints);
    }

    /** A named contributor in slot 0. */
    private Peer peer() {
        return peer(setting(1, false, Optional.of(0), false));
    }

    /** Tells the peer and lets it do what it wants to do at once. */
    static List<Message> tell(Peer peer, long nowMs, Message... messages) {
        List<Message> said = new ArrayList<>();
        for (Message message : messages) {
            said.addAll(peer.onMessage(message, nowMs));
        }
        while (peer.nextDeadlineMs() <= nowMs) {
            said.addAll(peer.onDeadline(nowMs));
        }
        return said;
    }

    static <M extends Message> List<M> only(Class<M> type, List<Message> said) {
        return said.stream().filter(type::isInstance).map(type::cast).toList();
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

    /** Targets made from a prediction of this peer with these tensors, and perhaps a part for it. */
    private static Outcome targets(long step, Digest tensors, Optional<Addressed> part) {
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

    private static Addressed part(long step) {
        double[] gradient = new double[ROWS * HIDDEN];
        java.util.Arrays.fill(gradient, 0.25);
        Term leaf =
                new Term.LeafGradient("gate", TensorName.FEATURES, Tensor.of(DType.FLOAT32, gradient, ROWS, HIDDEN));
        return new Addressed(step, 0, SELF, 0, List.of(leaf));
    }

    private static Digest publishedFor(List<Message> said) {
        return only(Prediction.class, said).get(0).tensors().digest();
    }

    @Test
    void publishesWhatItSeesAndWaitsForTheOutcome() {
        Peer peer = peer();
        Digest before = learner.weights();

        List<Message> said = tell(peer, 0, batch(1));

        Prediction prediction = only(Prediction.class, said).get(0);
        assertThat(prediction.step()).isEqualTo(1);
        assertThat(prediction.logits().shape()).isEqualTo(Ints.of(ROWS, CLASSES));
        assertThat(prediction.tensors().find(TensorName.FEATURES)).isPresent();
        assertThat(prediction.rendered())
                .isEqualTo(new Pictures().render(batch(1), 0).digest());
        assertThat(learner.weights()).isEqualTo(before);
        assertThat(peer.status().waitingFor()).isEqualTo("outcome of step 1");
    }

    @Test
    void saysItsPredictionAgainButNeverTrainsBecauseOfTheTime() {
        Peer peer = peer();
        Digest before = learner.weights();
        List<Message> first = tell(peer, 0, batch(1));

        assertThat(only(Prediction.class, peer.onDeadline(RESEND_MS - 1))).isEmpty();
        List<Message> again = peer.onDeadline(RESEND_MS);
        tell(peer, 1_000_000);

        assertThat(only(Prediction.class, again)).isEqualTo(only(Prediction.class, first));
        assertThat(learner.weights()).isEqualTo(before);
    }

    @Test
    void trainsOnTheFirstOutcomeAndOnlyOnce() {
        Peer peer = peer();
        OneHiddenLayer other = learner();
        Peer twin = new Peer(setting(1, false, Optional.of(0), false), other, new Pictures(), new Kept());
        Digest published = publishedFor(tell(peer, 0, batch(1)));
        tell(twin, 0, batch(1), skipped(1));

        tell(peer, 1, skipped(1), targets(1, published, Optional.empty()), skipped(1), batch(1));

        assertThat(peer.status().step()).isEqualTo(1);
        assertThat(learner.weights()).isEqualTo(other.weights());
    }

    @Test
    void usesWhatIsMeantForItsForwardPassOnlyIfTheOutcomeNamesIt() {
        Peer named = peer();
        OneHiddenLayer other = learner();
        Peer unnamed = new Peer(setting(1, false, Optional.of(0), false), other, new Pictures(), new Kept());
        Digest published = publishedFor(tell(named, 0, batch(1)));
        tell(unnamed, 0, batch(1));

        tell(named, 1, targets(1, published, Optional.empty()));
        tell(unnamed, 1, targets(1, DATA, Optional.empty()));

        assertThat(other.weights()).isNotEqualTo(learner.weights());
        assertThat(named.status().late()).isZero();
        assertThat(unnamed.status().late()).isEqualTo(1);
        assertThat(unnamed.status().taught()).isEqualTo(1);
    }

    @Test
    void waitsForThePartThatTheOutcomeNamesAndForNoOther() {
        Peer peer = peer();
        Digest published = publishedFor(tell(peer, 0, batch(1)));

        tell(peer, 1, targets(1, published, Optional.of(part(1))), part(2));
        assertThat(peer.status().step()).isZero();
        tell(peer, 2, part(1));

        assertThat(peer.status().step()).isEqualTo(1);
    }

    @Test
    void trainsThroughTheLogWithoutSpeakingOfClosedSteps() {
        Peer peer = peer();

        List<Message> said = tell(peer, 0, skipped(1), skipped(2), batch(1), batch(2));

        assertThat(peer.status().step()).isEqualTo(2);
        assertThat(only(Prediction.class, said)).isEmpty();
    }

    @Test
    void anObserverNeverWaits() {
        Peer peer = peer(setting(1, true, Optional.of(0), false));

        List<Message> said = tell(peer, 0, batch(1), batch(2), batch(3));

        assertThat(peer.status().step()).isEqualTo(3);
        assertThat(peer.status().untaught()).isEqualTo(3);
        assertThat(only(Prediction.class, said)).extracting(Prediction::step).containsExactly(1L, 2L, 3L);
    }

    @Test
    void evaluatesAndKeepsACheckpointAtTheEndOfAnEpoch() {
        Peer peer = peer();

        List<Message> said = tell(peer, 0, skipped(1), skipped(2), batch(1), batch(2));

        assertThat(only(Evaluation.class, said)).hasSize(1).allMatch(e -> e.step() == 2 && !e.last());
        assertThat(checkpoints.newest().map(CheckpointStore.Checkpoint::step)).hasValue(2L);
    }

    @Test
    void goesOnFromItsCheckpointAsIfNothingHadHappened() {
        tell(peer(), 0, skipped(1), skipped(2), skipped(3), batch(1), batch(2), batch(3));
        OneHiddenLayer fresh = learner();
        Peer restarted = new Peer(setting(2, false, Optional.of(0), false), fresh, new Pictures(), checkpoints);

        assertThat(restarted.status().step()).isEqualTo(2);
        tell(restarted, 0, batch(1), batch(2), batch(3), skipped(1), skipped(2), skipped(3));

        assertThat(restarted.status().step()).isEqualTo(3);
        assertThat(fresh.weights()).isEqualTo(learner.weights());
    }

    @Test
    void keepsACheckpointBetweenEpochsWhileItWaits() {
        Peer peer = peer();
        for (long step = 1; step <= 4; step++) {
            tell(peer, step, batch(step), skipped(step));
        }
        peer.onMessage(batch(5), 5);
        peer.onMessage(batch(6), 5);
        peer.onMessage(skipped(5), 5);
        assertThat(only(Prediction.class, peer.onDeadline(5)))
                .as("the next prediction goes first")
                .hasSize(1);
        assertThat(steps()).containsExactly(2L, 4L);

        peer.onDeadline(5);

        assertThat(steps()).containsExactly(2L, 4L, 5L);
        OneHiddenLayer fresh = learner();
        Peer restarted = new Peer(setting(2, false, Optional.of(0), false), fresh, new Pictures(), checkpoints);
        assertThat(restarted.status().restoredStep()).isEqualTo(5);
        tell(restarted, 0, batch(6), skipped(6));
        tell(peer, 6, skipped(6));
        assertThat(fresh.weights()).isEqualTo(learner.weights());
    }

    private List<Long> steps() {
        return checkpoints.all.stream().map(CheckpointStore.Checkpoint::step).toList();
    }

    /** A checkpoint of a step at which an epoch ends stands for an evaluation that was said: it is not there before. */
    @Test
    void keepsNoCheckpointBeforeAnEvaluation() {
        Peer peer = peer();
        for (long step = 1; step <= 9; step++) {
            tell(peer, step, batch(step), skipped(step));
        }
        peer.onMessage(batch(10), 10);
        peer.onMessage(skipped(10), 10);
        assertThat(peer.status().step()).isEqualTo(10);
        assertThat(steps()).containsExactly(2L, 4L, 5L, 6L, 8L);

        assertThat(only(Evaluation.class, peer.onDeadline(10))).hasSize(1);
        assertThat(steps()).as("the evaluation is on its way").containsExactly(2L, 4L, 5L, 6L, 8L);

        peer.onDeadline(10);
        assertThat(steps()).containsExactly(2L, 4L, 5L, 6L, 8L, 10L);
    }

    @Test
    void leavesAtTheEndOfTheRunWithItsLastEvaluation() {
        Peer peer = peer();

        List<Message> said =
                tell(peer, 0, batch(1), skipped(1), new Admitted(SELF, 1, 0, 2, ""), new End(1, "stopped"), batch(2));

        assertThat(only(Evaluation.class, said)).hasSize(1).allMatch(e -> e.step() == 1 && e.last());
        Left left = only(Left.class, said).get(0);
        assertThat(left.reason()).isEqualTo(Left.FINISHED);
        assertThat(left.result().orElseThrow().firstStep()).isEqualTo(1);
        assertThat(left.result().orElseThrow().stepsTrained()).isEqualTo(1);
        assertThat(left.result().orElseThrow().weights()).isEqualTo(learner.weights());
        assertThat(peer.nextDeadlineMs()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void trainsTheStepItWaitsForBeforeItIsDrained() {
        Peer peer = peer();
        tell(peer, 0, batch(1), batch(2));

        List<Message> asked = tell(peer, 1, new Command(Command.Kind.DRAIN, Optional.of(SELF), "asked"), batch(3));
        assertThat(only(Left.class, asked)).isEmpty();
        List<Message> said = tell(peer, 2, skipped(1), skipped(2));

        assertThat(only(Left.class, said)).hasSize(1).allMatch(l -> l.reason().startsWith("drained"));
        assertThat(peer.status().step()).isEqualTo(1);
    }

    @Test
    void givesUpAtOnceWhenTheRunIsAborted() {
        Peer peer = peer();
        tell(peer, 0, batch(1));

        List<Message> said = tell(peer, 1, new Command(Command.Kind.ABORT, Optional.empty(), "p2 did not join"));

        assertThat(only(Left.class, said)).hasSize(1).allMatch(l -> l.reason().equals("aborted: p2 did not join"));
    }

    @Test
    void asksForASeatUntilItIsAnswered() {
        Peer peer = peer(setting(1, false, Optional.empty(), false));

        assertThat(only(Joining.class, tell(peer, 0, batch(1)))).hasSize(1);
        assertThat(only(Joining.class, peer.onDeadline(RESEND_MS))).hasSize(1);
        assertThat(peer.status().waitingFor()).contains("seat");
        List<Message> said = tell(peer, 200, new Admitted(SELF, 1, 2, 1, ""));

        assertThat(only(Prediction.class, said).get(0).rendered())
                .isEqualTo(new Pictures().render(batch(1), 2).digest());
        assertThat(only(Joining.class, peer.onDeadline(1_000))).isEmpty();
    }

    @Test
    void leavesWhenItIsRefused() {
        Peer peer = peer(setting(1, false, Optional.empty(), false));

        List<Message> said = tell(peer, 0, new Admitted(SELF, 1, 0, 1, "no seat"));

        assertThat(only(Left.class, said)).hasSize(1).allMatch(l -> l.reason().equals("refused: no seat"));
    }

    @Test
    void aNewcomerAtTheHeadSkipsWhatWasBeforeIt() {
        Peer peer = peer(setting(1, false, Optional.empty(), true));

        List<Message> said = tell(peer, 0, batch(1), batch(2), batch(3), new Admitted(SELF, 1, 1, 3, ""));

        assertThat(only(Prediction.class, said)).extracting(Prediction::step).containsExactly(3L);
    }

    @Test
    void aNewcomerThatRestartsKnowsItsSeatAndGoesOnFromItsCheckpoint() {
        tell(peer(), 0, skipped(1), skipped(2), batch(1), batch(2));
        Peer restarted = new Peer(setting(2, false, Optional.empty(), true), learner(), new Pictures(), checkpoints);

        List<Message> said = tell(restarted, 0, batch(1), batch(2), batch(3), new Admitted(SELF, 1, 1, 1, ""));

        assertThat(only(Prediction.class, said)).extracting(Prediction::step).containsExactly(3L);
        assertThat(only(Evaluation.class, said)).isEmpty();
    }

    @Test
    void aNewcomerSaysWithWhichStepItBeganHoweverOftenItStarts() {
        Peer first = peer(setting(1, false, Optional.empty(), true));
        tell(first, 0, batch(3), new Admitted(SELF, 1, 1, 3, ""), skipped(3), batch(4), skipped(4), batch(5));
        Peer restarted = new Peer(setting(2, false, Optional.empty(), true), learner(), new Pictures(), checkpoints);

        List<Message> said = tell(
                restarted, 0, new Admitted(SELF, 2, 1, 9, ""), batch(5), skipped(5), new End(5, "stopped"), batch(6));

        Left.Result result = only(Left.class, said).get(0).result().orElseThrow();
        assertThat(result.firstStep()).isEqualTo(3);
        assertThat(result.stepsTrained()).isEqualTo(5);
    }

    private static PeerSetting readOfHeldOutImages(long incarnation) {
        return setting(incarnation, false, Optional.of(0), false, List.of(TensorName.VALIDATION));
    }

    @Test
    void saysWhatItThinksOfHeldOutImagesWithTheLastBatchOfAnEpochAndNoOther() {
        List<Message> said = new ArrayList<>();
        Peer peer = peer(readOfHeldOutImages(1));
        for (long step = 1; step <= 4; step++) {
            said.addAll(tell(peer, step, batch(step)));
            said.addAll(tell(peer, step, skipped(step)));
        }

        List<Prediction> predictions = only(Prediction.class, said);
        assertThat(predictions).extracting(Prediction::step).containsExactly(1L, 2L, 3L, 4L);
        assertThat(predictions)
                .extracting(p -> p.tensors().find(TensorName.VALIDATION).map(Tensor::shape))
                .containsExactly(
                        Optional.empty(),
                        Optional.of(Ints.of(1, CLASSES)),
                        Optional.empty(),
                        Optional.of(Ints.of(1, CLASSES)));
        assertThat(predictions.get(1).tensors()).isNotEqualTo(predictions.get(3).tensors());
        assertThat(only(Evaluation.class, said))
                .as("the test images alone")
                .allMatch(e -> e.tensors().find(TensorName.VALIDATION).isEmpty());
    }

    @Test
    void judgesHeldOutImagesInACallOfItsOwnAndSaysThatItIsAtIt() {
        Peer peer = peer(readOfHeldOutImages(1));
        peer.onMessage(skipped(1), 0);
        peer.onMessage(batch(2), 0);
        peer.onMessage(batch(1), 0);
        peer.onDeadline(0);
        assertThat(peer.status().step()).isEqualTo(1);
        assertThat(peer.status().state()).isEqualTo(PeerState.EVALUATING);

        List<Message> judged = peer.onDeadline(0);
        assertThat(only(Prediction.class, judged)).isEmpty();
        assertThat(peer.status().state()).isEqualTo(PeerState.TRAINING);
        assertThat(peer.nextDeadlineMs()).isLessThanOrEqualTo(0);

        assertThat(only(Prediction.class, peer.onDeadline(0))).hasSize(1);
    }

    /** Else an outcome that names its prediction would not be known for its own after a restart. */
    @Test
    void thinksTheSameOfHeldOutImagesAfterARestart() {
        Peer first = peer(readOfHeldOutImages(1));
        List<Message> said = tell(first, 0, skipped(1), skipped(2), skipped(3), batch(1), batch(2), batch(3), batch(4));
        Peer restarted = new Peer(readOfHeldOutImages(2), learner(), new Pictures(), checkpoints);

        List<Message> again = tell(restarted, 0, skipped(3), batch(3), batch(4));

        assertThat(only(Prediction.class, said)).hasSize(1);
        assertThat(publishedFor(again)).isEqualTo(publishedFor(said));
    }

    @Test
    void doesAtMostOneHeavyThingACall() {
        Peer peer = peer();

        assertThat(only(Prediction.class, peer.onMessage(batch(1), 0))).hasSize(1);
        peer.onMessage(batch(2), 0);
        peer.onMessage(skipped(1), 0);
        assertThat(peer.status().step()).isEqualTo(1);
        assertThat(peer.nextDeadlineMs()).isLessThanOrEqualTo(0);

        assertThat(only(Prediction.class, peer.onDeadline(0))).hasSize(1);
    }
}
