package dev.cohort.peer.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.distill.OwnTeacher;
import dev.cohort.peer.Learner;
import dev.cohort.peer.Learner.ForwardPass;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TrailingTeacherTest {
    private static final int ROWS = 4;
    private static final double RATE = 0.05;
    private static final Images SEEN = Samples.images(99, ROWS, Samples.SMALL);

    static List<OwnTeacher> kinds() {
        return List.of(new OwnTeacher.Average(0.9), new OwnTeacher.Stale(3));
    }

    private static Learner learner(OwnTeacher kind) {
        return ModelCatalog.create(Samples.small(DType.FLOAT64), kind);
    }

    /** Trains a step; returns the own teacher's logits before it. */
    private static Tensor train(Learner learner, int seed) {
        try (ForwardPass pass = learner.forward(Samples.images(seed, ROWS, Samples.SMALL))) {
            learner.backward(
                    pass, NamedTensors.of(TensorName.LOGITS, Samples.numbers(seed, 0.1, ROWS, Samples.CLASSES)));
            learner.update(RATE);
            return pass.outputs().ownTeacher().orElseThrow();
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void theStudentLearnsAsItWouldAlone(OwnTeacher kind) {
        try (Learner taught = learner(kind);
                DjlLearner alone = ModelCatalog.create(Samples.small(DType.FLOAT64))) {
            for (int step = 0; step < 4; step++) {
                train(taught, step);
                Samples.train(alone, step, ROWS, Samples.SMALL, RATE);
            }

            assertThat(taught.weights()).isEqualTo(alone.weights());
            assertThat(taught.infer(SEEN).logits()).isEqualTo(alone.infer(SEEN).logits());
        }
    }

    @Test
    void theAverageFollowsTheWeightsByItsFormula() {
        try (Learner taught = learner(new OwnTeacher.Average(0.6))) {
            String name = "own_teacher/layer2.0.conv1.weight";
            String own = "layer2.0.conv1.weight";
            double[] expected = taught.snapshot().get(own).toDoubles();
            // 1 - 1/(t+1) for t = 0, 1, 2, then the largest decay.
            for (double decay : new double[] {0, 0.5, 0.6, 0.6}) {
                train(taught, 7);
                double[] weights = taught.snapshot().get(own).toDoubles();
                for (int i = 0; i < expected.length; i++) {
                    expected[i] = decay * expected[i] + (1 - decay) * weights[i];
                }
                assertThat(taught.snapshot().get(name).toDoubles()).containsExactly(expected, within(1e-14));
            }
        }
    }

    @Test
    void theAverageUsesItsOwnBatchStatisticsAndUpdatesThem() {
        try (Learner taught = learner(new OwnTeacher.Average(0.9))) {
            String mean = "own_teacher/bn1.running_mean";
            double[] before = taught.snapshot().get(mean).toDoubles();
            try (ForwardPass pass = taught.forward(SEEN)) {
                // Before the first update the average has the student's weights, and both are in training mode.
                assertThat(pass.outputs().ownTeacher()).contains(pass.outputs().logits());
            }
            assertThat(taught.snapshot().get(mean).toDoubles()).isNotEqualTo(before);
        }
    }

    @Test
    void theCopyIsRenewedAtItsInterval() {
        try (Learner taught = learner(new OwnTeacher.Stale(3));
                DjlLearner alone = ModelCatalog.create(Samples.small(DType.FLOAT64))) {
            List<Tensor> earlier = new ArrayList<>();
            List<Tensor> answers = new ArrayList<>();
            for (int step = 0; step < 7; step++) {
                earlier.add(alone.infer(SEEN).logits());
                answers.add(taught.infer(SEEN).ownTeacher().orElseThrow());
                train(taught, step);
                Samples.train(alone, step, ROWS, Samples.SMALL, RATE);
            }

            assertThat(answers)
                    .containsExactly(
                            earlier.get(0),
                            earlier.get(0),
                            earlier.get(0),
                            earlier.get(3),
                            earlier.get(3),
                            earlier.get(3),
                            earlier.get(6));
        }
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void continuesFromItsSnapshotBitForBit(OwnTeacher kind) {
        try (Learner first = learner(kind);
                Learner second = learner(kind)) {
            for (int step = 0; step < 4; step++) {
                train(first, step);
            }
            NamedTensors snapshot = first.snapshot();
            second.restore(snapshot);
            for (int step = 4; step < 8; step++) {
                assertThat(train(second, step)).isEqualTo(train(first, step));
            }

            assertThat(second.snapshot()).isEqualTo(first.snapshot());
        }
    }
}
