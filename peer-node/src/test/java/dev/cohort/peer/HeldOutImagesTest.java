package dev.cohort.peer;

import static dev.cohort.peer.PeerFixture.CLASSES;
import static dev.cohort.peer.PeerFixture.batch;
import static dev.cohort.peer.PeerFixture.deliver;
import static dev.cohort.peer.PeerFixture.learner;
import static dev.cohort.peer.PeerFixture.only;
import static dev.cohort.peer.PeerFixture.publishedFor;
import static dev.cohort.peer.PeerFixture.setting;
import static dev.cohort.peer.PeerFixture.skipped;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.PeerState;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The logits of the held-out images, which a method may read once per epoch. */
class HeldOutImagesTest {
    private final PeerFixture fixture = new PeerFixture();

    private static PeerSetting withHeldOutImages(long incarnation) {
        return setting(incarnation, false, Optional.of(0), false, List.of(TensorName.VALIDATION));
    }

    @Test
    void publishesHeldOutLogitsOnlyWithTheLastBatchOfAnEpoch() {
        List<Message> sent = new ArrayList<>();
        Peer peer = fixture.peer(withHeldOutImages(1));
        for (long step = 1; step <= 4; step++) {
            sent.addAll(deliver(peer, step, batch(step)));
            sent.addAll(deliver(peer, step, skipped(step)));
        }

        List<Prediction> predictions = only(Prediction.class, sent);
        assertThat(predictions).extracting(Prediction::step).containsExactly(1L, 2L, 3L, 4L);
        assertThat(predictions)
                .extracting(p -> p.tensors().find(TensorName.VALIDATION).map(Tensor::shape))
                .containsExactly(
                        Optional.empty(),
                        Optional.of(Ints.of(1, CLASSES)),
                        Optional.empty(),
                        Optional.of(Ints.of(1, CLASSES)));
        assertThat(predictions.get(1).tensors()).isNotEqualTo(predictions.get(3).tensors());
        assertThat(only(Evaluation.class, sent))
                .as("the test images alone")
                .allMatch(e -> e.tensors().find(TensorName.VALIDATION).isEmpty());
    }

    @Test
    void evaluatesHeldOutImagesInASeparateCallAndReportsThatState() {
        Peer peer = fixture.peer(withHeldOutImages(1));
        peer.onMessage(skipped(1), 0);
        peer.onMessage(batch(2), 0);
        peer.onMessage(batch(1), 0);
        peer.onDeadline(0);
        assertThat(peer.status().step()).isEqualTo(1);
        assertThat(peer.status().state()).isEqualTo(PeerState.EVALUATING);

        List<Message> evaluated = peer.onDeadline(0);
        assertThat(only(Prediction.class, evaluated)).isEmpty();
        assertThat(peer.status().state()).isEqualTo(PeerState.TRAINING);
        assertThat(peer.nextDeadlineMs()).isLessThanOrEqualTo(0);

        assertThat(only(Prediction.class, peer.onDeadline(0))).hasSize(1);
    }

    /** Otherwise a restarted peer would not recognise an outcome that names its prediction. */
    @Test
    void publishesTheSameHeldOutLogitsAfterARestart() {
        Peer first = fixture.peer(withHeldOutImages(1));
        List<Message> sent =
                deliver(first, 0, skipped(1), skipped(2), skipped(3), batch(1), batch(2), batch(3), batch(4));
        Peer restarted = new Peer(withHeldOutImages(2), learner(), new Pictures(), fixture.checkpoints);

        List<Message> again = deliver(restarted, 0, skipped(3), batch(3), batch(4));

        assertThat(only(Prediction.class, sent)).hasSize(1);
        assertThat(publishedFor(again)).isEqualTo(publishedFor(sent));
    }
}
