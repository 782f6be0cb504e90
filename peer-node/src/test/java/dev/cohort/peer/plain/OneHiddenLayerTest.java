package dev.cohort.peer.plain;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.experiment.Experiment.Optimizer;
import dev.cohort.experiment.Experiment.Schedule;
import dev.cohort.peer.Learner.ForwardPass;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.Normalisation;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class OneHiddenLayerTest {
    private static final ImageShape IMAGE = new ImageShape(2, 3, 2);
    private static final Normalisation NORMALISATION = new Normalisation(List.of(0.4, 0.6), List.of(0.3, 0.2));
    private static final int ROWS = 4;
    private static final int HIDDEN = 5;
    private static final int CLASSES = 3;

    private static Optimizer sgd(double momentum, boolean nesterov, double weightDecay) {
        return new Optimizer(
                0.1, momentum, nesterov, weightDecay, new Schedule(Schedule.Shape.CONSTANT, List.of(), 1, 0));
    }

    private static OneHiddenLayer learner(Optimizer optimizer) {
        return new OneHiddenLayer(IMAGE, NORMALISATION, HIDDEN, CLASSES, optimizer, 7);
    }

    private static OneHiddenLayer learner() {
        return learner(sgd(0.9, false, 1e-3));
    }

    private static Images images(long seed) {
        byte[] pixels = new byte[ROWS * IMAGE.size()];
        new Random(seed).nextBytes(pixels);
        return new Images(ROWS, IMAGE, ByteBuffer.wrap(pixels));
    }

    private static Tensor drawn(long seed, int... shape) {
        Random random = new Random(seed);
        double[] values = random.doubles((long) shape[0] * shape[1], -1, 1).toArray();
        return Tensor.of(DType.FLOAT64, values, shape);
    }

    private static void train(OneHiddenLayer learner, long seed) {
        learner.backward(
                learner.forward(images(seed)),
                NamedTensors.of(TensorName.LOGITS, drawn(seed, ROWS, CLASSES))
                        .with(TensorName.FEATURES, drawn(seed + 1, ROWS, HIDDEN)));
        learner.update(0.05);
    }

    /** L = sum(z * gz) + sum(f * gf), whose gradients with respect to the outputs are gz and gf. */
    private static double loss(OneHiddenLayer learner, Tensor gz, Tensor gf) {
        var outputs = learner.infer(images(1));
        double sum = 0;
        for (int i = 0; i < gz.size(); i++) {
            sum += outputs.logits().at(i) * gz.at(i);
        }
        for (int i = 0; i < gf.size(); i++) {
            sum += outputs.features().at(i) * gf.at(i);
        }
        return sum;
    }

    @Test
    void gradientsOfEveryWeightEqualFiniteDifferences() {
        OneHiddenLayer learner = learner(sgd(0, false, 0));
        train(learner, 5);
        NamedTensors before = learner.snapshot();
        Tensor gz = drawn(2, ROWS, CLASSES);
        Tensor gf = drawn(3, ROWS, HIDDEN);

        learner.backward(
                learner.forward(images(1)),
                NamedTensors.of(TensorName.LOGITS, gz).with(TensorName.FEATURES, gf));
        learner.update(1);

        NamedTensors after = learner.snapshot();
        double step = 1e-6;
        for (String name : List.of("hidden.bias", "hidden.weight", "output.bias", "output.weight")) {
            Tensor weights = before.get(name);
            for (int i = 0; i < weights.size(); i++) {
                double[] moved = weights.toDoubles();
                moved[i] += step;
                double up = lossAt(learner, before, name, moved, gz, gf);
                moved[i] -= 2 * step;
                double down = lossAt(learner, before, name, moved, gz, gf);
                double gradient = weights.at(i) - after.get(name).at(i);
                assertThat(gradient).as("%s[%d]", name, i).isCloseTo((up - down) / (2 * step), within(1e-7));
            }
        }
    }

    private static double lossAt(
            OneHiddenLayer learner, NamedTensors all, String name, double[] values, Tensor gz, Tensor gf) {
        int[] shape = all.get(name).shape().toArray();
        learner.restore(all.with(name, Tensor.of(DType.FLOAT64, values, shape)));
        return loss(learner, gz, gf);
    }

    @Test
    void updatesWithMomentumNesterovAndWeightDecayAsPyTorchDoes() {
        for (boolean nesterov : new boolean[] {false, true}) {
            OneHiddenLayer learner = learner(sgd(0.9, nesterov, 0.01));
            double weight = learner.snapshot().get("output.bias").at(1);
            double velocity = 0;
            for (int step = 0; step < 3; step++) {
                Tensor gz = drawn(step, ROWS, CLASSES);
                double gradient = gz.at(1) + gz.at(4) + gz.at(7) + gz.at(10);
                double decayed = gradient + 0.01 * weight;
                velocity = 0.9 * velocity + decayed;
                weight -= 0.2 * (nesterov ? decayed + 0.9 * velocity : velocity);

                learner.backward(learner.forward(images(step)), NamedTensors.of(TensorName.LOGITS, gz));
                learner.update(0.2);

                assertThat(learner.snapshot().get("output.bias").at(1)).isCloseTo(weight, within(1e-14));
            }
        }
    }

    @Test
    void equalSeedsGiveEqualWeightsAndOthersDoNot() {
        assertThat(learner().weights()).isEqualTo(learner().weights());
        assertThat(new OneHiddenLayer(IMAGE, NORMALISATION, HIDDEN, CLASSES, sgd(0, false, 0), 8).weights())
                .isNotEqualTo(learner().weights());
    }

    @Test
    void continuesFromASnapshotAsIfNothingHadHappened() {
        OneHiddenLayer one = learner();
        train(one, 1);
        OneHiddenLayer other = new OneHiddenLayer(IMAGE, NORMALISATION, HIDDEN, CLASSES, sgd(0.9, false, 1e-3), 99);
        other.restore(one.snapshot());

        train(one, 2);
        train(other, 2);

        assertThat(other.weights()).isEqualTo(one.weights());
        assertThat(other.snapshot()).isEqualTo(one.snapshot());
    }

    @Test
    void keepsSeveralPassesEachWithItsOwnWeights() {
        OneHiddenLayer delayed = learner(sgd(0, false, 0));
        OneHiddenLayer immediate = learner(sgd(0, false, 0));
        Tensor first = drawn(11, ROWS, CLASSES);
        Tensor second = drawn(12, ROWS, CLASSES);

        // Both gradients are taken at the initial weights; one learner applies them in two updates, the other in one.
        ForwardPass one = delayed.forward(images(1));
        ForwardPass two = delayed.forward(images(2));
        delayed.backward(one, NamedTensors.of(TensorName.LOGITS, first));
        delayed.update(0.1);
        delayed.backward(two, NamedTensors.of(TensorName.LOGITS, second));
        delayed.update(0.1);
        immediate.backward(immediate.forward(images(1)), NamedTensors.of(TensorName.LOGITS, first));
        immediate.backward(immediate.forward(images(2)), NamedTensors.of(TensorName.LOGITS, second));
        immediate.update(0.1);

        Tensor late = delayed.snapshot().get("hidden.weight");
        Tensor early = immediate.snapshot().get("hidden.weight");
        for (int i = 0; i < late.size(); i++) {
            assertThat(late.at(i)).isCloseTo(early.at(i), within(1e-14));
        }
    }

    @Test
    void inferenceChangesNothing() {
        OneHiddenLayer learner = learner();
        Digest before = learner.weights();
        Tensor logits = learner.infer(images(3)).logits();

        assertThat(learner.weights()).isEqualTo(before);
        assertThat(learner.infer(images(3)).logits()).isEqualTo(logits);
    }

    @Test
    void refusesAPassThatIsClosedOrBelongsToAnotherLearner() {
        OneHiddenLayer learner = learner();
        Tensor gz = drawn(1, ROWS, CLASSES);
        ForwardPass trained = learner.forward(images(1));
        learner.backward(trained, NamedTensors.of(TensorName.LOGITS, gz));
        ForwardPass closed = learner.forward(images(1));
        closed.close();

        assertThatThrownBy(() -> learner.backward(trained, NamedTensors.of(TensorName.LOGITS, gz)))
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> learner.backward(closed, NamedTensors.of(TensorName.LOGITS, gz)))
                .hasMessageContaining("closed");
        assertThatThrownBy(() -> learner.backward(learner().forward(images(1)), NamedTensors.of(TensorName.LOGITS, gz)))
                .hasMessageContaining("another learner");
    }

    @Test
    void refusesTensorsOfOtherShapes() {
        OneHiddenLayer learner = learner();
        NamedTensors narrow = learner.snapshot().with("output.bias", Tensor.of(DType.FLOAT64, new double[2], 2));
        Images large = new Images(1, new ImageShape(3, 3, 2), ByteBuffer.allocate(18));

        assertThatThrownBy(() -> learner.restore(narrow))
                .hasMessageContaining("output.bias")
                .hasMessageContaining("[3]");
        assertThatThrownBy(() -> learner.restore(NamedTensors.none())).hasMessageContaining("hidden.bias");
        assertThatThrownBy(() -> learner.forward(large)).hasMessageContaining("must be");
        assertThatThrownBy(() -> learner.backward(
                        learner.forward(images(1)), NamedTensors.of(TensorName.LOGITS, drawn(1, 1, 3))))
                .hasMessageContaining("gradient of the logits");
    }
}
