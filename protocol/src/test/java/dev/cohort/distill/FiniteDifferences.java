package dev.cohort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;

/** Gradients against central differences, in every element. */
public final class FiniteDifferences {
    private static final double STEP = 1e-5;
    private static final double TOLERANCE = 1e-6;
    private static final double SCALE_MIN = 1e-3;

    private FiniteDifferences() {}

    /** Fails when {@code gradient} is not that of {@code loss} at {@code point}. */
    public static void assertGradient(String what, double[] gradient, double[] point, ToDoubleFunction<double[]> loss) {
        assertThat(gradient).as(what).hasSameSizeAs(point);
        double largest = Arrays.stream(gradient).map(Math::abs).max().orElse(0);
        double tolerance = TOLERANCE * Math.max(SCALE_MIN, largest);
        for (int i = 0; i < point.length; i++) {
            double slope = (loss.applyAsDouble(moved(point, i, STEP)) - loss.applyAsDouble(moved(point, i, -STEP)))
                    / (2 * STEP);
            assertThat(gradient[i]).as(what + "[" + i + "]").isCloseTo(slope, within(tolerance));
        }
    }

    private static double[] moved(double[] point, int index, double by) {
        double[] moved = point.clone();
        moved[index] += by;
        return moved;
    }

    /** Numbers of absolute value 0.1 to 2, so that a step crosses no zero. */
    public static double[] draws(SplittableRandom random, int count) {
        double[] draws = new double[count];
        for (int i = 0; i < count; i++) {
            draws[i] = random.nextDouble(0.1, 2) * (random.nextBoolean() ? 1 : -1);
        }
        return draws;
    }
}
