package dev.cohort.peer.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.distill.OwnTeacher;
import dev.cohort.distill.Softmax;
import dev.cohort.peer.Learner;
import dev.cohort.peer.Learner.ForwardPass;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PeerCopiesTest {
    private static final int ROWS = 4;
    private static final int C = Samples.CLASSES;
    private static final double TEMPERATURE = 2;
    private static final Images SEEN = Samples.images(99, ROWS, Samples.SMALL);
    private static final OwnTeacher OTHERS = new OwnTeacher.Others(3, TEMPERATURE);

    private final Learner student = of(1);
    private final Learner second = of(2);
    private final Learner third = of(3);

    private static Learner of(long seed) {
        return ModelCatalog.create(Samples.withSeed(Samples.small(DType.FLOAT32), seed), OTHERS);
    }

    @AfterEach
    void close() {
        student.close();
        second.close();
        third.close();
    }

    private static void train(Learner learner, int seed) {
        try (ForwardPass pass = learner.forward(Samples.images(seed, ROWS, Samples.SMALL))) {
            learner.backward(pass, NamedTensors.of(TensorName.LOGITS, Samples.numbers(seed, 0.1, ROWS, C)));
            learner.update(0.05);
        }
    }

    /** The published weights of a student, by the names of its network. */
    private static NamedTensors published(Learner learner, long step) {
        SortedMap<String, Tensor> weights = new TreeMap<>();
        learner.handedOver(step)
                .asMap()
                .forEach((name, tensor) -> weights.put(name.substring(TensorName.WEIGHTS.length()), tensor));
        return NamedTensors.of(weights);
    }

    private static SortedMap<Integer, NamedTensors> copies(NamedTensors one, NamedTensors other) {
        SortedMap<Integer, NamedTensors> copies = new TreeMap<>();
        copies.put(1, one);
        copies.put(2, other);
        return copies;
    }

    @Test
    void publishesItsWeightsAtEveryThirdStepIncludingTheFirst() {
        for (long step : new long[] {1, 4, 7}) {
            assertThat(published(student, step).asMap()).as("step " + step).containsKeys("fc.bias", "bn1.running_mean");
        }
        for (long step : new long[] {2, 3, 5, 6}) {
            assertThat(student.handedOver(step)).as("step " + step).isEqualTo(NamedTensors.none());
        }
    }

    @Test
    void itsTeacherIsTheMeanProbabilityOfTheCopiesNotOfTheCurrentPeers() {
        assertThat(student.infer(SEEN).ownTeacher())
                .as("before the first exchange")
                .isEmpty();
        double[] expected = new double[ROWS * C];
        for (Learner other : new Learner[] {second, third}) {
            double[] p = Softmax.probabilities(other.infer(SEEN).logits().toDoubles(), C, TEMPERATURE);
            for (int i = 0; i < p.length; i++) {
                expected[i] += p[i] / 2;
            }
        }

        student.takeUp(copies(published(second, 1), published(third, 1)));
        train(second, 5);
        train(student, 6);

        try (ForwardPass pass = student.forward(SEEN)) {
            Tensor logits = pass.outputs().ownTeacher().orElseThrow();
            assertThat(Softmax.probabilities(logits.toDoubles(), C, TEMPERATURE))
                    .containsExactly(expected, within(1e-12));
            assertThat(student.infer(SEEN).ownTeacher()).contains(logits);
        }
    }

    @Test
    void learnsAsItWouldAloneWhateverTheCopiesPredict() {
        try (Learner alone = ModelCatalog.create(Samples.withSeed(Samples.small(DType.FLOAT32), 1))) {
            student.takeUp(copies(published(second, 1), published(third, 1)));
            for (int step = 0; step < 3; step++) {
                train(student, step);
                train(alone, step);
            }
            assertThat(student.weights()).isEqualTo(alone.weights());
        }
    }

    @Test
    void ignoresWeightsOfAnotherArchitecture() {
        NamedTensors good = published(second, 1);
        NamedTensors wider = good.with("fc.bias", Samples.numbers(1, 1, C + 1).as(DType.FLOAT32));
        NamedTensors more = good.with("surprise", Samples.numbers(1, 1, C).as(DType.FLOAT32));

        student.takeUp(copies(wider, more));

        assertThat(student.infer(SEEN).ownTeacher()).isEmpty();
    }

    @Test
    void continuesBitForBitFromASnapshotWithTheCopies() {
        student.takeUp(copies(published(second, 1), published(third, 1)));
        train(student, 1);
        try (Learner restored = of(9)) {
            restored.restore(student.snapshot());
            train(student, 2);
            train(restored, 2);
            assertThat(restored.weights()).isEqualTo(student.weights());
            assertThat(restored.infer(SEEN)).isEqualTo(student.infer(SEEN));
            assertThat(restored.snapshot()).isEqualTo(student.snapshot());
        }
    }
}
