package dev.cohort.peer;

import static dev.cohort.peer.PeerFixture.HIDDEN;
import static dev.cohort.peer.PeerFixture.ROWS;
import static dev.cohort.peer.PeerFixture.SELF;
import static dev.cohort.peer.PeerFixture.batch;
import static dev.cohort.peer.PeerFixture.deliver;
import static dev.cohort.peer.PeerFixture.only;
import static dev.cohort.peer.PeerFixture.targets;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.peer.plain.OneHiddenLayer;
import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.MapGradients;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.NodeFailure;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Pieces;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.protocol.TensorReference;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A peer whose method reads the feature map of its hidden layer. */
class FeatureMapsTest {
    private final PeerFixture fixture = new PeerFixture();
    private final Peer peer =
            fixture.peer(PeerFixture.setting(1, false, Optional.of(0), false, List.of(OneHiddenLayer.MAP)));

    private static Tensor gradient() {
        double[] values = new double[ROWS * HIDDEN];
        Arrays.fill(values, 0.25);
        return Tensor.of(DType.FLOAT32, values, ROWS, HIDDEN, 1, 1);
    }

    private static MapGradients.Parcel parcel(PeerId of) {
        return MapGradients.parcel(
                1, 0, of, 0, List.of(new Term.LeafGradient("fused", OneHiddenLayer.MAP, gradient())));
    }

    @Test
    void publishesThePiecesOfItsMapBeforeThePrediction() {
        List<Message> sent = deliver(peer, 0, batch(1));

        List<TensorPiece> pieces = only(TensorPiece.class, sent);
        Prediction prediction = only(Prediction.class, sent).get(0);
        assertThat(sent.indexOf(pieces.get(0))).isLessThan(sent.indexOf(prediction));
        TensorReference reference =
                Optional.ofNullable(prediction.maps().get(OneHiddenLayer.MAP)).orElseThrow();
        assertThat(pieces).allSatisfy(piece -> {
            assertThat(piece.use()).isEqualTo(TensorPiece.Use.MAP);
            assertThat(piece.peer()).isEqualTo(SELF);
            assertThat(piece.step()).isEqualTo(1);
        });
        Pieces read = new Pieces(Long.MAX_VALUE);
        pieces.forEach(read::add);
        Tensor map = read.whole(reference).orElseThrow();
        assertThat(map.shape().toArray()).containsExactly(ROWS, HIDDEN, 1, 1);
        assertThat(map.dtype()).isEqualTo(DType.FLOAT32);
        assertThat(prediction.tensors().asMap()).containsOnlyKeys(TensorName.LOGITS);
    }

    @Test
    void sendsTheMapAgainMoreRarelyThanThePrediction() {
        deliver(peer, 0, batch(1));
        StringBuilder again = new StringBuilder();
        for (int i = 1; i <= 20; i++) {
            List<Message> sent = deliver(peer, i * PeerFixture.RESEND_MS);
            assertThat(only(Prediction.class, sent)).hasSize(1);
            again.append(only(TensorPiece.class, sent).isEmpty() ? "" : i + " ");
        }

        assertThat(again).hasToString("1 2 4 8 16 ");
    }

    @Test
    void trainsOnceItHasReadTheGradientOfItsMap() {
        Digest before = fixture.learner.weights();
        Digest digest =
                only(Prediction.class, deliver(peer, 0, batch(1))).get(0).digest();
        MapGradients.Parcel parcel = parcel(SELF);
        Outcome outcome = targets(1, digest, Optional.of(parcel.addressed()));

        deliver(peer, 1, parcel.addressed(), outcome);
        deliver(peer, 2, parcel(new PeerId("other")).pieces().get(0));
        assertThat(fixture.learner.weights()).isEqualTo(before);
        deliver(peer, 3, parcel.pieces().get(0));

        assertThat(fixture.learner.weights()).isNotEqualTo(before).isEqualTo(trainedByTheSameGradientOfFeatures());
    }

    @Test
    void endsWithTheReasonOnceTheLogNoLongerHasTheGradientOfItsMap() {
        Digest digest =
                only(Prediction.class, deliver(peer, 0, batch(1))).get(0).digest();
        MapGradients.Parcel gone = parcel(SELF);
        Tensor gradient = gradient();
        TensorPiece later = TensorPiece.of(
                        2, 0, SELF, 0, TensorPiece.Use.GRADIENT, gradient, TensorReference.of(gradient))
                .get(0);
        deliver(peer, 1, gone.addressed(), targets(1, digest, Optional.of(gone.addressed())));

        assertThatThrownBy(() -> deliver(peer, 2, later))
                .isInstanceOf(NodeFailure.class)
                .hasMessageStartingWith(
                        "step 1 cannot be trained: the log no longer has the gradient of its feature maps;");
    }

    /** The map and the features of this network are the same numbers. */
    private static Digest trainedByTheSameGradientOfFeatures() {
        PeerFixture other = new PeerFixture();
        Peer twin = other.peer(PeerFixture.setting(1, false, Optional.of(0), false, List.of(TensorName.FEATURES)));
        Digest digest =
                only(Prediction.class, deliver(twin, 0, batch(1))).get(0).digest();
        Addressed part = PeerFixture.part(1);
        deliver(twin, 1, part, targets(1, digest, Optional.of(part)));
        return other.learner.weights();
    }
}
