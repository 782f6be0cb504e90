package dev.cohort.peer.external;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.peer.Learner;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Images;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NumpyLearnerTest {
    private static final double RATE = 0.05;

    private ExternalLearner learner;

    @BeforeEach
    void start() {
        Pythons.assumeHas("numpy");
        learner = started();
    }

    private static ExternalLearner started() {
        return ExternalLearner.start(Pythons.setting(Pythons.NUMPY_LEARNER), Pythons.interpreter());
    }

    @AfterEach
    void close() {
        if (learner != null) {
            learner.close();
        }
    }

    @Test
    void declaresItsOutputsBeforeTheFirstPass() {
        assertThat(learner.declares()).isEqualTo(Learner.Output.basic(3, 32));
        assertThat(learner.featureWidth()).isEqualTo(32);
        assertThat(learner.device()).isEqualTo("cpu");
        assertThat(learner.framework()).startsWith("numpy ");
        assertThat(learner.trained()).isEqualTo(learner.parameters()).isEqualTo(64 * 32 + 32 + 32 * 3 + 3);
    }

    @Test
    void learnsTheLabelsThatItsGradientsAreOf() {
        double before = labelStep();
        for (int i = 0; i < 30; i++) {
            labelStep();
        }

        assertThat(labelStep()).isLessThan(0.5 * before);
    }

    /** One step of cross-entropy on 4 images, of which number i has class i mod 3; returns the loss before it. */
    private double labelStep() {
        try (Learner.ForwardPass pass = learner.forward(Pythons.images(1, 4), 1)) {
            Tensor logits = pass.outputs().logits();
            double[] gradient = new double[12];
            double loss = 0;
            for (int row = 0; row < 4; row++) {
                double sum = 0;
                for (int c = 0; c < 3; c++) {
                    sum += Math.exp(logits.at(row * 3 + c));
                }
                for (int c = 0; c < 3; c++) {
                    double p = Math.exp(logits.at(row * 3 + c)) / sum;
                    gradient[row * 3 + c] = (p - (c == row % 3 ? 1 : 0)) / 4;
                    loss -= c == row % 3 ? Math.log(p) / 4 : 0;
                }
            }
            learner.backward(pass, NamedTensors.of("logits", Tensor.of(DType.FLOAT64, gradient, 4, 3)));
            learner.update(RATE);
            return loss;
        }
    }

    @Test
    void continuesBitIdenticallyFromASnapshotInAnotherProcess() {
        Pythons.train(learner, 1, RATE);
        NamedTensors taken = learner.snapshot();
        Pythons.train(learner, 2, RATE);
        Pythons.train(learner, 3, RATE);

        try (ExternalLearner second = started()) {
            second.restore(taken);
            assertThat(second.snapshot()).isEqualTo(taken);
            Pythons.train(second, 2, RATE);
            Pythons.train(second, 3, RATE);
            assertThat(second.snapshot()).isEqualTo(learner.snapshot());
            assertThat(second.weights()).isEqualTo(learner.weights());
        }
    }

    @Test
    void hashesTheWeightsInTheOrderOfTheirNames() throws NoSuchAlgorithmException {
        MessageDigest sha = MessageDigest.getInstance("SHA-256");
        learner.snapshot().asMap().forEach((name, tensor) -> {
            if (!name.startsWith("momentum/")) {
                sha.update(tensor.bytes());
            }
        });

        assertThat(learner.weights().toBytes()).isEqualTo(sha.digest());
    }

    @Test
    void evaluatesWithoutChangingAnything() {
        Pythons.train(learner, 1, RATE);
        NamedTensors before = learner.snapshot();
        Images many = Pythons.images(5, 1000);

        Learner.Outputs outputs = learner.infer(many);

        assertThat(outputs.logits().shape().toArray()).containsExactly(1000, 3);
        assertThat(outputs.features().shape().toArray()).containsExactly(1000, 32);
        assertThat(learner.snapshot()).isEqualTo(before);
    }

    @Test
    void trainsAPassAtTheWeightsOfItsForward() {
        learner.forward(Pythons.images(3, 4), 3).close();
        try (Learner.ForwardPass first = learner.forward(Pythons.images(1, 4), 1);
                Learner.ForwardPass second = learner.forward(Pythons.images(2, 4), 2)) {
            for (Learner.ForwardPass pass : new Learner.ForwardPass[] {first, second}) {
                learner.backward(pass, NamedTensors.of("logits", Pythons.numbers(1, DType.FLOAT32, 4, 3)));
                learner.update(RATE);
            }
            assertThatThrownBy(() -> learner.backward(first, NamedTensors.none()))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("trained or closed before");
        }
        Pythons.train(learner, 4, RATE);
    }

    @Test
    void refusesWhatDoesNotFit() {
        NamedTensors snapshot = learner.snapshot();
        Images wide = new Images(1, new ImageShape(8, 9, 1), ByteBuffer.allocate(72));
        try (Learner.ForwardPass pass = learner.forward(Pythons.images(1, 4), 1)) {
            assertThatThrownBy(() -> learner.update(RATE)).hasMessageContaining("backward must come first");
            assertThatThrownBy(() -> learner.forward(wide, 1)).hasMessageContaining("must be 1 or more of");
            assertThatThrownBy(() ->
                            learner.backward(pass, NamedTensors.of("logits", Pythons.numbers(1, DType.FLOAT32, 4, 2))))
                    .hasMessageContaining("gradient of the logits of shape [4, 2]: must be [4, 3]");
            assertThatThrownBy(() ->
                            learner.backward(pass, NamedTensors.of("maps", Pythons.numbers(1, DType.FLOAT32, 4, 2))))
                    .hasMessageContaining("gradient of maps: the outputs of this student are [features, logits]");
        }
        assertThat(learner.snapshot()).isEqualTo(snapshot);
        assertThatThrownBy(() -> learner.restore(NamedTensors.none()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("the snapshot is of another network");
    }
}
