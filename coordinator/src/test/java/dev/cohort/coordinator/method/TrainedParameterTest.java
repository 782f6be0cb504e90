package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.UpdateRule;
import dev.cohort.experiment.WeightUpdate;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class TrainedParameterTest {
    private static final Experiment.Optimizer ADAMW = new Experiment.Optimizer(
            0.1,
            Cohort.sgd(0, false, 0).schedule(),
            new WeightUpdate(
                    new UpdateRule.AdamW(0.8, 0.95, 1e-6), 0.02, OptionalDouble.empty(), OptionalDouble.empty()));

    private static NamedTensors fresh(double... values) {
        Map<String, Tensor> state = new TreeMap<>();
        TrainedParameter.fresh(values).put(state, "w", values.length);
        return NamedTensors.of(state);
    }

    private static NamedTensors updated(NamedTensors state, double rate, double... gradient) {
        return TrainedParameter.updated(state, "w", gradient, rate, ADAMW);
    }

    /** Expected: {@code torch.optim.AdamW} of PyTorch 1.13 in float64. */
    @Test
    void descendsAsPyTorchsAdamW() {
        NamedTensors first = updated(fresh(0.5, -1.25, 2.0), 0.1, 0.3, -0.2, 0.0);
        NamedTensors second = updated(first, 0.05, -0.1, 0.4, 1e-3);
        NamedTensors third = updated(second, 0.02, 2.0, 0.1, -5.0);

        assertThat(first.get("w").toDoubles())
                .containsExactly(new double[] {0.39900033333222223, -1.1475004999975, 1.996}, within(1e-15));
        assertThat(second.get("w").toDoubles())
                .containsExactly(
                        new double[] {0.38102860477616207, -1.1672744643231712, 1.9552685354553747}, within(1e-15));
        assertThat(third.get("w").toDoubles())
                .containsExactly(
                        new double[] {0.36642025108368403, -1.1758897733639864, 1.9683279341344735}, within(1e-15));
    }

    @Test
    void countsTheUpdatesOfEachElement() {
        NamedTensors state = fresh(1, 1);
        for (int step = 0; step < 3; step++) {
            TrainedParameter parameter = TrainedParameter.from(state, "w");
            parameter.update(0, 0.5, 0.1, ADAMW);
            Map<String, Tensor> next = new TreeMap<>();
            parameter.put(next, "w", 2);
            state = NamedTensors.of(next);
        }
        TrainedParameter late = TrainedParameter.from(state, "w");
        late.update(1, 0.3, 0.1, ADAMW);

        double first = updated(fresh(1, 1), 0.1, 0.5, 0.3).get("w").at(1);
        assertThat(late.values[1]).isEqualTo(first);
    }

    @Test
    void aRenewedSlotForgetsItsGradients() {
        Map<String, Tensor> state = new TreeMap<>();
        TrainedParameter.fresh(new double[] {1, 2}).put(state, "head.1", 2);
        NamedTensors initial = NamedTensors.of(state);
        NamedTensors trained = TrainedParameter.updated(initial, "head.1", new double[] {0.5, -0.5}, 0.1, ADAMW);

        NamedTensors renewed = ResetSlot.named(trained, initial, 1);

        assertThat(TrainedParameter.updated(renewed, "head.1", new double[] {0.5, -0.5}, 0.1, ADAMW))
                .isEqualTo(trained);
        assertThat(ResetSlot.named(trained, initial, 0)).isEqualTo(trained);
    }
}
