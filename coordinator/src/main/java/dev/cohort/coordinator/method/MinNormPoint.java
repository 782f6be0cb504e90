package dev.cohort.coordinator.method;

import java.util.Arrays;

/**
 * The shortest vector in the convex hull of K gradients: {@code min over w >= 0, sum w = 1 of |sum w_k g_k|^2}. It never opposes
 * any of them, and is zero where no direction serves all.
 *
 * <p>Frank-Wolfe with pairwise steps and exact line search, on the inner products of the gradients alone: for two gradients the
 * first step is the closed form {@code w_1 = clip(<g_2 - g_1, g_2> / |g_1 - g_2|^2, 0, 1)}.
 */
final class MinNormPoint {
    private static final int STEPS_MAX = 10_000;
    private static final double GAP_MIN = 1e-14;

    private MinNormPoint() {}

    /**
     * The weights w [K].
     *
     * @param gram {@code <g_k, g_l>} [K, K]
     */
    static double[] of(double[] gram, int count) {
        double scale = Arrays.stream(gram).map(Math::abs).max().orElse(0);
        double[] weights = new double[count];
        Arrays.fill(weights, 1.0 / count);
        for (int step = 0; step < STEPS_MAX; step++) {
            double[] slope = slope(gram, weights);
            int toward = 0;
            int away = -1;
            for (int k = 0; k < count; k++) {
                toward = slope[k] < slope[toward] ? k : toward;
                away = weights[k] > 0 && (away < 0 || slope[k] > slope[away]) ? k : away;
            }
            double gap = slope[away] - slope[toward];
            double curvature =
                    gram[toward * count + toward] - 2 * gram[toward * count + away] + gram[away * count + away];
            if (gap <= GAP_MIN * scale || curvature <= 0) {
                break;
            }
            double moved = Math.min(gap / curvature, weights[away]);
            weights[toward] += moved;
            weights[away] -= moved;
        }
        return weights;
    }

    private static double[] slope(double[] gram, double[] weights) {
        double[] slope = new double[weights.length];
        for (int i = 0; i < gram.length; i++) {
            slope[i / weights.length] += gram[i] * weights[i % weights.length];
        }
        return slope;
    }
}
