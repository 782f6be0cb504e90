package dev.cohort.coordinator.method;

import dev.cohort.distill.Softmax;
import dev.cohort.protocol.SoftLabels;
import java.util.Arrays;
import java.util.List;

/**
 * Minimises {@code f(alpha) = CE(sum alpha_k z_k, y)} over the simplex.
 *
 * <p>Newton's method with an active set. Weights of some peers are free, the others are 0. A step minimises the quadratic model
 * of f over the free weights with their sum kept, is cut where a weight would turn negative (which then is held at 0), and is
 * halved until f falls. Where the free weights are optimal, the held one whose derivative is lowest is freed, if it is below the
 * others'; if none is, alpha is the optimum (Karush-Kuhn-Tucker). It starts from equal weights and no number is drawn, so equal
 * logits give equal bits. Weights are exact to about 1e-12 where the optimum is unique; where it is not (equal
 * peers), any optimum is as good.
 */
final class ConvexEnsemble {
    /** Twice what f can still fall by over the free weights; Newton's next step from here ends below all rounding. */
    private static final double SETTLED = 1e-20;

    /** Relative to the largest derivative: below it a held weight is not worth freeing. */
    private static final double FREEING = 1e-12;

    /** Relative to the diagonal of the Hessian; keeps the step unique where peers agree. */
    private static final double RIDGE = 1e-12;

    /** Bounds the work; a few dozen are needed. */
    private static final int STEPS_MAX = 200;

    private static final int HALVINGS_MAX = 60;

    private final List<double[]> logits;
    private final int classes;
    private final int rows;
    private final int peers;
    private final double[] y;

    private final double[] alpha;
    private final boolean[] free;
    private double value;
    private double[] gradient = new double[0];
    private double[] hessian = new double[0];

    ConvexEnsemble(List<double[]> logits, SoftLabels labels) {
        this.logits = logits;
        classes = labels.classes();
        rows = labels.rows();
        peers = logits.size();
        y = labels.dense();
        alpha = new double[peers];
        free = new boolean[peers];
    }

    /** The weights, in the order of the logits. */
    double[] solve() {
        Arrays.fill(alpha, 1.0 / peers);
        Arrays.fill(free, true);
        differentiate();
        for (int step = 0; step < STEPS_MAX; step++) {
            double[] direction = direction();
            double decrement = -inner(gradient, direction);
            boolean moved = decrement > 0 && move(direction, -decrement);
            if (moved) {
                differentiate();
            }
            boolean goesOn = moved && decrement > SETTLED;
            if (!goesOn && !freeOne()) {
                break;
            }
        }
        return alpha.clone();
    }

    /** CE(sum of weighted logits, y). */
    double valueAt(double[] weights) {
        double[] logarithms = Softmax.logProbabilities(PredictionMatrices.combined(logits, weights), classes, 1);
        double sum = 0;
        for (int i = 0; i < y.length; i++) {
            sum -= y[i] * logarithms[i];
        }
        return sum / rows;
    }

    /** Of peer j: mean over the rows of {@code <z_j, p - y>}, and of pairs the covariance of z_j and z_k under p. */
    private void differentiate() {
        double[] p = Softmax.probabilities(PredictionMatrices.combined(logits, alpha), classes, 1);
        value = valueAt(alpha);
        gradient = new double[peers];
        hessian = new double[peers * peers];
        double[] means = new double[peers];
        for (int start = 0; start < p.length; start += classes) {
            for (int j = 0; j < peers; j++) {
                means[j] = 0;
                for (int i = start; i < start + classes; i++) {
                    means[j] += p[i] * logits.get(j)[i];
                    gradient[j] += logits.get(j)[i] * (p[i] - y[i]) / rows;
                }
            }
            for (int j = 0; j < peers; j++) {
                for (int k = 0; k <= j; k++) {
                    for (int i = start; i < start + classes; i++) {
                        hessian[j * peers + k] +=
                                p[i] * (logits.get(j)[i] - means[j]) * (logits.get(k)[i] - means[k]) / rows;
                    }
                }
            }
        }
        // Weights keep their sum, so a common part of all derivatives means nothing; taken out, it cannot drown their
        // differences in rounding.
        double common = inner(gradient, alpha);
        for (int j = 0; j < peers; j++) {
            gradient[j] -= common;
            for (int k = 0; k < j; k++) {
                hessian[k * peers + j] = hessian[j * peers + k];
            }
        }
    }

    /** Newton's step over the free weights, whose sum it keeps; 0 for the others. */
    private double[] direction() {
        int[] at = freeIndices();
        int size = at.length;
        double diagonal = 0;
        for (int j : at) {
            diagonal = Math.max(diagonal, hessian[j * peers + j]);
        }
        // H d + mu = -g and sum d = 0
        double[][] system = new double[size + 1][size + 2];
        for (int r = 0; r < size; r++) {
            for (int c = 0; c < size; c++) {
                system[r][c] = hessian[at[r] * peers + at[c]];
            }
            system[r][r] += RIDGE * diagonal + Double.MIN_NORMAL;
            system[r][size] = 1;
            system[size][r] = 1;
            system[r][size + 1] = -gradient[at[r]];
        }
        double[] solution = LinearSystem.solve(system);
        double[] direction = new double[peers];
        for (int r = 0; r < size; r++) {
            direction[at[r]] = solution[r];
        }
        return direction;
    }

    private int[] freeIndices() {
        int[] at = new int[peers];
        int size = 0;
        for (int j = 0; j < peers; j++) {
            if (free[j]) {
                at[size++] = j;
            }
        }
        return Arrays.copyOf(at, size);
    }

    /** Goes along {@code direction} as far as f falls and no weight turns negative; false if it cannot. */
    private boolean move(double[] direction, double slope) {
        double length = 1;
        int blocked = -1;
        for (int j = 0; j < peers; j++) {
            if (free[j] && alpha[j] + length * direction[j] < 0) {
                length = -alpha[j] / direction[j];
                blocked = j;
            }
        }
        for (int halving = 0; halving < HALVINGS_MAX; halving++) {
            double[] moved = alpha.clone();
            for (int j = 0; j < peers; j++) {
                moved[j] = Math.max(0, alpha[j] + length * direction[j]);
            }
            if (blocked >= 0) {
                moved[blocked] = 0;
            }
            // So near to the optimum that rounding hides the fall, the model is all there is to go by.
            double rounding = 1e-15 * (1 + Math.abs(value));
            if (valueAt(moved) <= value + 1e-4 * length * slope + rounding) {
                boolean changed = !Arrays.equals(moved, alpha);
                System.arraycopy(moved, 0, alpha, 0, peers);
                if (blocked >= 0) {
                    free[blocked] = false;
                }
                return changed || blocked >= 0;
            }
            length /= 2;
            blocked = -1;
        }
        return false;
    }

    /** Frees the held weight with the lowest derivative if it is below that of the free ones. */
    private boolean freeOne() {
        double scale = 1e-300;
        int lowest = -1;
        for (int j = 0; j < peers; j++) {
            scale = Math.max(scale, Math.abs(gradient[j]));
            if (!free[j] && (lowest < 0 || gradient[j] < gradient[lowest])) {
                lowest = j;
            }
        }
        if (lowest < 0 || gradient[lowest] >= -FREEING * scale - 1e-15) {
            return false;
        }
        free[lowest] = true;
        return true;
    }

    private static double inner(double[] left, double[] right) {
        double sum = 0;
        for (int i = 0; i < left.length; i++) {
            sum += left[i] * right[i];
        }
        return sum;
    }
}
