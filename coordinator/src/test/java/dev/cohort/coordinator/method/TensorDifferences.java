package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.protocol.SoftLabels;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

/** Gradients against central differences of a loss, and contributors who publish feature maps to take them of. */
final class TensorDifferences {
    private static final double STEP = 1e-5;
    private static final double TOLERANCE = 1e-8;

    private TensorDifferences() {}

    /** Compares every element of a gradient with the derivative of {@code loss} at {@code point}. */
    static void assertGradient(String what, Tensor gradient, Tensor point, ToDoubleFunction<Tensor> loss) {
        assertThat(gradient.shape()).as(what).isEqualTo(point.shape());
        for (int i = 0; i < point.size(); i++) {
            double derivative = (loss.applyAsDouble(moved(point, i, STEP)) - loss.applyAsDouble(moved(point, i, -STEP)))
                    / (2 * STEP);
            assertThat(gradient.at(i)).as("%s, element %d", what, i).isCloseTo(derivative, within(TOLERANCE));
        }
    }

    /** A cohort with one tensor of one contributor replaced. */
    static Cohort with(Cohort cohort, int contributor, String name, Tensor value) {
        List<NamedTensors> published = new ArrayList<>(cohort.published());
        published.set(contributor, published.get(contributor).with(name, value));
        return new Cohort(cohort.labels(), cohort.slots(), published);
    }

    private static Tensor moved(Tensor point, int i, double by) {
        double[] values = point.toDoubles();
        values[i] += by;
        return Tensor.of(DType.FLOAT64, values, point.shape().toArray());
    }

    /**
     * Contributors with random logits and features of width 1, who also publish a random map.
     *
     * @param shapes [channels, height, width] of each contributor
     */
    static Cohort withMaps(long seed, SoftLabels labels, List<Integer> slots, String name, List<Ints> shapes) {
        Cohort cohort = Cohort.random(seed, labels, slots, 1);
        SplittableRandom random = new SplittableRandom(seed + 1000);
        for (int i = 0; i < slots.size(); i++) {
            Ints row = shapes.get(i);
            int[] shape = {labels.rows(), row.get(0), row.get(1), row.get(2)};
            double[] values = random.doubles(Arrays.stream(shape).reduce(1, Math::multiplyExact), -1, 1)
                    .toArray();
            cohort = with(cohort, i, name, Tensor.of(DType.FLOAT64, values, shape));
        }
        return cohort;
    }
}
