package dev.cohort.peer;

import static dev.cohort.peer.PeerFixture.CLASSES;
import static dev.cohort.peer.PeerFixture.DATA;
import static dev.cohort.peer.PeerFixture.RESEND_MS;
import static dev.cohort.peer.PeerFixture.ROWS;
import static dev.cohort.peer.PeerFixture.batch;
import static dev.cohort.peer.PeerFixture.deliver;
import static dev.cohort.peer.PeerFixture.learner;
import static dev.cohort.peer.PeerFixture.only;
import static dev.cohort.peer.PeerFixture.part;
import static dev.cohort.peer.PeerFixture.publishedFor;
import static dev.cohort.peer.PeerFixture.setting;
import static dev.cohort.peer.PeerFixture.skipped;
import static dev.cohort.peer.PeerFixture.targets;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.peer.plain.OneHiddenLayer;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A contributor with a seat: which steps it publishes and trains, and when. */
class PeerTest {
    private final PeerFixture fixture = new PeerFixture();

    @Test
    void publishesItsPredictionAndWaitsForTheOutcome() {
        Peer peer = fixture.peer();
        Digest before = fixture.learner.weights();

        List<Message> sent = deliver(peer, 0, batch(1));

        Prediction prediction = only(Prediction.class, sent).get(0);
        assertThat(prediction.step()).isEqualTo(1);
        assertThat(prediction.logits().shape()).isEqualTo(Ints.of(ROWS, CLASSES));
        assertThat(prediction.tensors().find(TensorName.FEATURES)).isPresent();
        assertThat(prediction.rendered())
                .isEqualTo(new Pictures().render(batch(1), 0).digest());
        assertThat(fixture.learner.weights()).isEqualTo(before);
        assertThat(peer.status().waitingFor()).isEqualTo("outcome of step 1");
    }

    @Test
    void resendsItsPredictionButNeverTrainsBecauseOfTheTime() {
        Peer peer = fixture.peer();
        Digest before = fixture.learner.weights();
        List<Message> first = deliver(peer, 0, batch(1));

        assertThat(only(Prediction.class, peer.onDeadline(RESEND_MS - 1))).isEmpty();
        List<Message> again = peer.onDeadline(RESEND_MS);
        deliver(peer, 1_000_000);

        assertThat(only(Prediction.class, again)).isEqualTo(only(Prediction.class, first));
        assertThat(fixture.learner.weights()).isEqualTo(before);
    }

    @Test
    void trainsOnTheFirstOutcomeAndOnlyOnce() {
        Peer peer = fixture.peer();
        OneHiddenLayer other = learner();
        Peer twin = new Peer(setting(1, false, Optional.of(0), false), other, new Pictures(), new Kept());
        Digest published = publishedFor(deliver(peer, 0, batch(1)));
        deliver(twin, 0, batch(1), skipped(1));

        deliver(peer, 1, skipped(1), targets(1, published, Optional.empty()), skipped(1), batch(1));

        assertThat(peer.status().step()).isEqualTo(1);
        assertThat(fixture.learner.weights()).isEqualTo(other.weights());
    }

    @Test
    void usesTermsForItsForwardPassOnlyIfTheOutcomeNamesItsPrediction() {
        Peer named = fixture.peer();
        OneHiddenLayer other = learner();
        Peer unnamed = new Peer(setting(1, false, Optional.of(0), false), other, new Pictures(), new Kept());
        Digest published = publishedFor(deliver(named, 0, batch(1)));
        deliver(unnamed, 0, batch(1));

        deliver(named, 1, targets(1, published, Optional.empty()));
        deliver(unnamed, 1, targets(1, DATA, Optional.empty()));

        assertThat(other.weights()).isNotEqualTo(fixture.learner.weights());
        assertThat(named.status().late()).isZero();
        assertThat(unnamed.status().late()).isEqualTo(1);
        assertThat(unnamed.status().taught()).isEqualTo(1);
    }

    @Test
    void waitsOnlyForThePartThatTheOutcomeNames() {
        Peer peer = fixture.peer();
        Digest published = publishedFor(deliver(peer, 0, batch(1)));

        deliver(peer, 1, targets(1, published, Optional.of(part(1))), part(2));
        assertThat(peer.status().step()).isZero();
        deliver(peer, 2, part(1));

        assertThat(peer.status().step()).isEqualTo(1);
    }

    @Test
    void trainsThroughTheLogWithoutPredictionsForClosedSteps() {
        Peer peer = fixture.peer();

        List<Message> sent = deliver(peer, 0, skipped(1), skipped(2), batch(1), batch(2));

        assertThat(peer.status().step()).isEqualTo(2);
        assertThat(only(Prediction.class, sent)).isEmpty();
    }

    @Test
    void anObserverNeverWaits() {
        Peer peer = fixture.peer(setting(1, true, Optional.of(0), false));

        List<Message> sent = deliver(peer, 0, batch(1), batch(2), batch(3));

        assertThat(peer.status().step()).isEqualTo(3);
        assertThat(peer.status().untaught()).isEqualTo(3);
        assertThat(only(Prediction.class, sent)).extracting(Prediction::step).containsExactly(1L, 2L, 3L);
    }

    @Test
    void doesAtMostOneHeavyOperationPerCall() {
        Peer peer = fixture.peer();

        assertThat(only(Prediction.class, peer.onMessage(batch(1), 0))).hasSize(1);
        peer.onMessage(batch(2), 0);
        peer.onMessage(skipped(1), 0);
        assertThat(peer.status().step()).isEqualTo(1);
        assertThat(peer.nextDeadlineMs()).isLessThanOrEqualTo(0);

        assertThat(only(Prediction.class, peer.onDeadline(0))).hasSize(1);
    }
}
