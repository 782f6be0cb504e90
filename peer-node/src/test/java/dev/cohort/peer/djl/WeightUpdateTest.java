package dev.cohort.peer.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.distill.OwnTeacher;
import dev.cohort.experiment.UpdateRule;
import dev.cohort.experiment.WeightUpdate;
import dev.cohort.peer.Learner;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** AdamW, the limit of gradients and the average of weights; SGD is tested with the learner. */
class WeightUpdateTest {
    private static final UpdateRule.AdamW ADAMW = new UpdateRule.AdamW(0.8, 0.95, 1e-6);
    private static final WeightUpdate EVERYTHING =
            new WeightUpdate(ADAMW, 0.02, OptionalDouble.of(0.5), OptionalDouble.of(0.6));

    private static DjlLearner learner(DType dtype, WeightUpdate update) {
        return ModelCatalog.create(Samples.with(Samples.small(dtype), update));
    }

    private static WeightUpdate update(UpdateRule rule, OptionalDouble clip, OptionalDouble average) {
        return new WeightUpdate(rule, 0, clip, average);
    }

    /** Back-propagates batch {@code step} and returns the gradients. */
    private static NamedTensors gradients(DjlLearner learner, int step, double scale) {
        learner.backward(
                learner.forward(Samples.images(step, 4, Samples.SMALL)),
                NamedTensors.of(TensorName.LOGITS, Samples.numbers(step, scale, 4, Samples.CLASSES)));
        return learner.gradients();
    }

    @Test
    void adamWDescendsAsItsFormulaSays() {
        WeightUpdate update = new WeightUpdate(ADAMW, 0.02, OptionalDouble.empty(), OptionalDouble.empty());
        try (DjlLearner learner = learner(DType.FLOAT64, update)) {
            Map<String, double[]> means = new TreeMap<>();
            Map<String, double[]> squares = new TreeMap<>();
            for (int step = 1; step <= 3; step++) {
                double rate = 0.1 / step;
                NamedTensors before = learner.snapshot();
                NamedTensors gradients = gradients(learner, step, 0.3);
                learner.update(rate);
                NamedTensors after = learner.snapshot();
                for (String name : gradients.asMap().keySet()) {
                    Tensor g = gradients.get(name);
                    double[] m = means.computeIfAbsent(name, n -> new double[g.size()]);
                    double[] v = squares.computeIfAbsent(name, n -> new double[g.size()]);
                    double[] expected = before.get(name).toDoubles();
                    for (int i = 0; i < m.length; i++) {
                        m[i] = 0.8 * m[i] + 0.2 * g.at(i);
                        v[i] = 0.95 * v[i] + 0.05 * g.at(i) * g.at(i);
                        double mean = m[i] / (1 - Math.pow(0.8, step));
                        double square = v[i] / (1 - Math.pow(0.95, step));
                        expected[i] -= rate * 0.02 * expected[i] + rate * mean / (Math.sqrt(square) + 1e-6);
                    }
                    assertThat(after.get(name).toDoubles()).as(name).containsExactly(expected, within(1e-13));
                }
            }
        }
    }

    @Test
    void gradientsAreScaledToTheLargestNorm() {
        UpdateRule plain = UpdateRule.Sgd.PLAIN;
        try (DjlLearner free = learner(DType.FLOAT64, update(plain, OptionalDouble.empty(), OptionalDouble.empty()));
                DjlLearner limited =
                        learner(DType.FLOAT64, update(plain, OptionalDouble.of(0.1), OptionalDouble.empty()));
                DjlLearner wide =
                        learner(DType.FLOAT64, update(plain, OptionalDouble.of(1e6), OptionalDouble.empty()))) {
            NamedTensors before = free.snapshot();
            NamedTensors gradients = gradients(free, 1, 0.3);
            gradients(limited, 1, 0.3);
            gradients(wide, 1, 0.3);
            free.update(1);
            limited.update(1);
            wide.update(1);

            double squares = 0;
            for (Tensor gradient : gradients.asMap().values()) {
                for (double value : gradient.toDoubles()) {
                    squares += value * value;
                }
            }
            double factor = 0.1 / (Math.sqrt(squares) + 1e-6);
            assertThat(factor).isLessThan(0.5);
            gradients.asMap().forEach((name, gradient) -> {
                double[] expected = before.get(name).toDoubles();
                for (int i = 0; i < expected.length; i++) {
                    expected[i] -= factor * gradient.at(i);
                }
                assertThat(limited.snapshot().get(name).toDoubles()).as(name).containsExactly(expected, within(1e-13));
            });
            assertThat(wide.snapshot()).isEqualTo(free.snapshot());
        }
    }

    @Test
    void theAverageIsEvaluatedAndTheWeightsAreTrained() {
        WeightUpdate averaged = update(UpdateRule.Sgd.PLAIN, OptionalDouble.empty(), OptionalDouble.of(0.6));
        try (DjlLearner learner = learner(DType.FLOAT64, averaged);
                DjlLearner plain = learner(DType.FLOAT64, WeightUpdate.NONE);
                DjlLearner average = learner(DType.FLOAT64, WeightUpdate.NONE)) {
            Images test = Samples.images(99, 5, Samples.SMALL);
            assertThat(learner.infer(test)).isEqualTo(plain.infer(test));
            SortedMap<String, double[]> expected = new TreeMap<>();
            // min(1 - 1/(t + 1), 0.6) for t = 0, 1, 2, 3.
            double[] decays = {0, 0.5, 0.6, 0.6};
            for (int step = 0; step < decays.length; step++) {
                double decay = decays[step];
                Samples.train(learner, step, 4, Samples.SMALL, 0.05);
                Samples.train(plain, step, 4, Samples.SMALL, 0.05);
                plain.snapshot().asMap().forEach((name, tensor) -> {
                    double[] kept = expected.computeIfAbsent(name, n -> new double[tensor.size()]);
                    for (int i = 0; i < kept.length; i++) {
                        kept[i] = decay * kept[i] + (1 - decay) * tensor.at(i);
                    }
                });
            }

            assertThat(learner.weights()).isEqualTo(plain.weights());
            Map<String, Tensor> averages = new TreeMap<>();
            NamedTensors shapes = average.snapshot();
            expected.forEach((name, values) -> averages.put(
                    name,
                    Tensor.of(DType.FLOAT64, values, shapes.get(name).shape().toArray())));
            average.restore(NamedTensors.of(averages));
            Learner.Outputs evaluated = learner.infer(test);
            assertThat(evaluated.logits().toDoubles())
                    .containsExactly(average.infer(test).logits().toDoubles(), within(1e-9));
            assertThat(evaluated.logits()).isNotEqualTo(plain.infer(test).logits());
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"FLOAT32", "FLOAT64"})
    void continuesFromASnapshotAsIfNothingHadHappened(DType dtype) {
        try (DjlLearner uninterrupted = learner(dtype, EVERYTHING);
                DjlLearner restored = learner(dtype, EVERYTHING)) {
            Samples.trainSmall(uninterrupted, 0, 5);
            NamedTensors snapshot = uninterrupted.snapshot();
            Samples.trainSmall(uninterrupted, 5, 10);
            Samples.trainSmall(restored, 50, 52);
            restored.restore(snapshot);
            assertThat(restored.snapshot()).isEqualTo(snapshot);
            Samples.trainSmall(restored, 5, 10);

            assertThat(restored.snapshot()).isEqualTo(uninterrupted.snapshot());
            Images test = Samples.images(99, 5, Samples.SMALL);
            assertThat(restored.infer(test)).isEqualTo(uninterrupted.infer(test));
        }
    }

    @Test
    void aStudentWithATeacherOfItsOwnIsAveragedToo() {
        LearnerSetting setting = Samples.with(Samples.small(DType.FLOAT32), EVERYTHING);
        try (Learner student = ModelCatalog.create(setting, new OwnTeacher.Average(0.9))) {
            try (Learner.ForwardPass pass = student.forward(Samples.images(1, 4, Samples.SMALL))) {
                student.backward(pass, NamedTensors.of(TensorName.LOGITS, Samples.numbers(1, 0.3, 4, Samples.CLASSES)));
            }
            student.update(0.05);
            NamedTensors snapshot = student.snapshot();

            assertThat(snapshot.asMap().keySet()).contains("average/fc.weight", "own_teacher/fc.weight");
            student.restore(snapshot);
            assertThat(student.snapshot()).isEqualTo(snapshot);
        }
    }
}
