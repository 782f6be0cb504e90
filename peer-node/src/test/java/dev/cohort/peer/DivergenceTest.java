package dev.cohort.peer;

import static dev.cohort.peer.PeerFixture.batch;
import static dev.cohort.peer.PeerFixture.deliver;
import static dev.cohort.peer.PeerFixture.only;
import static dev.cohort.peer.PeerFixture.skipped;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.experiment.Experiment.Optimizer;
import dev.cohort.experiment.Experiment.Schedule;
import dev.cohort.peer.plain.OneHiddenLayer;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Normalisation;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A student whose numbers leave the range of their type reports it and leaves, instead of publishing useless numbers. */
class DivergenceTest {
    private static final PeerId SELF = new PeerId("p1");
    private static final Digest DATA = new Hasher().text("data").digest();

    private final OneHiddenLayer learner = new OneHiddenLayer(
            PeerFixture.IMAGE,
            new Normalisation(List.of(0.5), List.of(0.3)),
            4,
            2,
            new Optimizer(0.1, 0.9, false, 0, new Schedule(Schedule.Shape.CONSTANT, List.of(), 1, 0)),
            3);
    private final Kept checkpoints = new Kept();

    private Peer peer(double learningRate, DType logits, boolean observer) {
        PeerSetting setting = new PeerSetting(
                SELF,
                1,
                "one-hidden-layer",
                "cpu",
                1,
                "djl",
                observer,
                Optional.of(0),
                false,
                List.of(),
                logits,
                DType.FLOAT32,
                DType.FLOAT32,
                DATA,
                Ints.of(0, 1),
                12,
                step -> learningRate,
                0,
                true,
                100);
        return new Peer(setting, learner, new Pictures(), checkpoints);
    }

    private static Left left(List<Message> messages) {
        List<Left> left = only(Left.class, messages);
        assertThat(left).hasSize(1);
        return left.get(0);
    }

    private static Outcome targets(double temperature) {
        Tensor mean = Tensor.of(DType.FLOAT32, new double[] {2, -2, -2, 2, 1, 1}, PeerFixture.ROWS, 2);
        Term term = new Term.SoftTarget("e", mean, Term.Space.LOGITS, Term.Vote.INCLUDED, 1, temperature);
        return new Outcome(1, 0, "c1", DATA, List.of(), new Outcome.Targets(1, List.of(term), List.of(), true));
    }

    @Test
    void leavesWithTheStepAtWhichItsLogitsAreNoLongerFinite() {
        Peer peer = peer(1e300, DType.FLOAT32, false);

        List<Message> messages = deliver(peer, 0, batch(1), skipped(1), batch(2));

        assertThat(only(Prediction.class, messages))
                .extracting(Prediction::step)
                .containsExactly(1L);
        Left left = left(messages);
        assertThat(left.divergence()).hasValueSatisfying(d -> {
            assertThat(d.step()).isEqualTo(2);
            assertThat(d.what()).contains("logits").contains("optimizer.learning_rate");
        });
        assertThat(left.reason()).startsWith("diverged at step 2");
        assertThat(left.result().orElseThrow().stepsTrained()).isEqualTo(1);
        assertThat(peer.nextDeadlineMs()).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void namesTheMessageTypeWhenOnlyThatIsTooNarrow() {
        Peer peer = peer(1e7, DType.FLOAT16, false);

        List<Message> messages = deliver(peer, 0, batch(1), skipped(1), batch(2));

        assertThat(left(messages).divergence())
                .hasValueSatisfying(
                        d -> assertThat(d.what()).contains("float16").contains("wire.logits to fp32"));
    }

    @Test
    void doesNotTrainOnANonFiniteLoss() {
        Peer peer = peer(0.1, DType.FLOAT32, false);
        Digest before = learner.weights();

        List<Message> messages = deliver(peer, 0, batch(1), targets(1e200));

        assertThat(left(messages).divergence()).hasValueSatisfying(d -> {
            assertThat(d.step()).isEqualTo(1);
            assertThat(d.what()).contains("distillation loss").contains("method.temperature");
        });
        assertThat(learner.weights()).isEqualTo(before);
    }

    @Test
    void neitherPublishesNorStoresANonFiniteEvaluation() {
        Peer peer = peer(1e300, DType.FLOAT32, true);

        // The second batch is the last one of an epoch; an observer trains without outcomes.
        List<Message> first = deliver(peer, 0, batch(1));
        assertThat(only(Left.class, first)).isEmpty();
        List<Message> messages = deliver(peer, 0, batch(2));

        assertThat(only(Evaluation.class, messages)).isEmpty();
        assertThat(left(messages).divergence()).isPresent();
        assertThat(checkpoints.all).isEmpty();
    }

    @Test
    void writesTheCheckpointOfAnEvaluationAfterTheEvaluationWasSent() {
        Peer peer = peer(0.1, DType.FLOAT32, false);
        List<Message> messages = deliver(peer, 0, batch(1), skipped(1));
        messages.addAll(peer.onMessage(batch(2), 0));
        messages.addAll(peer.onMessage(skipped(2), 0));
        while (only(Evaluation.class, messages).isEmpty()) {
            assertThat(checkpoints.all).isEmpty();
            messages.addAll(peer.onDeadline(0));
        }
        assertThat(checkpoints.all).as("the evaluation is not in the log yet").isEmpty();

        assertThat(peer.nextDeadlineMs()).isLessThanOrEqualTo(0);
        peer.onDeadline(0);

        assertThat(checkpoints.all).extracting(CheckpointStore.Checkpoint::step).containsExactly(2L);
    }

    @Test
    void branchesStayInTheirPeer() {
        Publication publication = new Publication(new PeerSetting(
                SELF,
                1,
                "one-hidden-layer",
                "cpu",
                1,
                "djl",
                false,
                Optional.of(0),
                false,
                List.of(),
                DType.FLOAT32,
                DType.FLOAT32,
                DType.FLOAT32,
                DATA,
                Ints.of(0, 1),
                12,
                step -> 0.1,
                0,
                true,
                100));
        Tensor logits = Tensor.of(DType.FLOAT32, new double[4], 2, 2);
        Learner.Outputs outputs = new Learner.Outputs(
                new Learner.Outputs(logits, logits).withOwnTeacher(logits).tensors(),
                new Learner.PrivateTensors(
                        NamedTensors.of(TensorName.BRANCHES, Tensor.of(DType.FLOAT32, new double[12], 2, 6))));

        assertThat(publication.ofTestImages(outputs).asMap().keySet())
                .containsExactly(TensorName.LOGITS, TensorName.OWN_TEACHER);
    }
}
