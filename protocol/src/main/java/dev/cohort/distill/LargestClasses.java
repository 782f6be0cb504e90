package dev.cohort.distill;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;

/**
 * The k largest probabilities of each row, which stand for the whole distribution: the rest of the mass is spread evenly over
 * the other classes. With k of at least C - 1 nothing is lost.
 *
 * <p>Source: Shen and Xing, "A Fast Knowledge Distillation Framework for Visual Recognition", ECCV 2022 (FKD), {@code
 * Recover_soft_label}.
 *
 * @param classes C
 * @param index classes [B k] row by row, the largest probability first, equal ones in the order of the classes
 * @param kept their probabilities [B, k], as they were sent
 */
public record LargestClasses(int classes, Ints index, Tensor kept) {
    public LargestClasses {
        boolean fits = kept.shape().size() == 2
                && kept.dimension(1) >= 1
                && kept.dimension(1) <= classes
                && kept.size() == index.size();
        if (!fits) {
            throw new IllegalArgumentException(index.size() + " largest classes with probabilities of shape "
                    + kept.shape() + ": must be [B, k], k from 1 to " + classes + ", and one class for each");
        }
        int k = kept.dimension(1);
        for (int start = 0; start < index.size(); start += k) {
            requireRow(classes, index, kept, start, start + k);
        }
    }

    private static void requireRow(int classes, Ints index, Tensor kept, int start, int end) {
        double sum = 0;
        boolean[] seen = new boolean[classes];
        for (int i = start; i < end; i++) {
            int c = index.get(i);
            if (c < 0 || c >= classes || seen[c]) {
                throw new IllegalArgumentException("class " + c
                        + " among the largest of a row: must be from 0 to below " + classes + ", and named once");
            }
            seen[c] = true;
            if (!(kept.at(i) >= 0 && kept.at(i) < Double.POSITIVE_INFINITY)) {
                throw new IllegalArgumentException(
                        "probability " + kept.at(i) + " of class " + c + ": must be finite and not negative");
            }
            sum += kept.at(i);
        }
        if (!(sum > 0)) {
            throw new IllegalArgumentException("kept probabilities of a row sum to " + sum + ": must be above 0");
        }
    }

    /**
     * The k largest of each row. Their order does not depend on a sort.
     *
     * @param probabilities [B, C]
     * @param k from 1 to C
     */
    public static LargestClasses of(Tensor probabilities, int k) {
        LogitLoss.requireSameShape("probabilities", probabilities, probabilities);
        int rows = probabilities.dimension(0);
        int classes = probabilities.dimension(1);
        if (k < 1 || k > classes) {
            throw new IllegalArgumentException("largest " + k + " classes: must be from 1 to " + classes);
        }
        int[] index = new int[rows * k];
        double[] kept = new double[rows * k];
        for (int row = 0; row < rows; row++) {
            boolean[] taken = new boolean[classes];
            for (int i = row * k; i < (row + 1) * k; i++) {
                int largest = -1;
                for (int c = 0; c < classes; c++) {
                    boolean larger = largest < 0
                            || probabilities.at(row * classes + c) > probabilities.at(row * classes + largest);
                    if (!taken[c] && larger) {
                        largest = c;
                    }
                }
                taken[largest] = true;
                index[i] = largest;
                kept[i] = probabilities.at(row * classes + largest);
            }
        }
        return new LargestClasses(classes, Ints.of(index), Tensor.of(probabilities.dtype(), kept, rows, k));
    }

    /** What is left of each row, [B]: 1 less the sum of the kept; 0 should rounding have made it negative. */
    public Tensor tail() {
        int k = kept.dimension(1);
        double[] tail = new double[kept.dimension(0)];
        for (int row = 0; row < tail.length; row++) {
            tail[row] = Math.max(0, 1 - sum(row * k, k));
        }
        return Tensor.of(DType.FLOAT64, tail, tail.length);
    }

    /**
     * The distribution [B, C]: the kept at their classes, an equal share of the tail at every other one. Where no tail is left,
     * by rounding or because all classes were kept, the kept are divided by their sum; so each row sums to 1.
     */
    public Tensor dense() {
        int k = kept.dimension(1);
        double[] dense = new double[kept.dimension(0) * classes];
        for (int row = 0; row < kept.dimension(0); row++) {
            double sum = sum(row * k, k);
            boolean spreads = sum < 1 && k < classes;
            for (int c = row * classes; c < (row + 1) * classes && spreads; c++) {
                dense[c] = (1 - sum) / (classes - k);
            }
            for (int i = row * k; i < (row + 1) * k; i++) {
                dense[row * classes + index.get(i)] = spreads ? kept.at(i) : kept.at(i) / sum;
            }
        }
        return Tensor.of(DType.FLOAT64, dense, kept.dimension(0), classes);
    }

    /** Mean over the rows of the mass that lies elsewhere than in q [B, C]: {@code sum |q - dense| / 2}. */
    public double lostMass(Tensor probabilities) {
        Tensor dense = dense();
        LogitLoss.requireSameShape("probabilities", probabilities, dense);
        double sum = 0;
        for (int i = 0; i < dense.size(); i++) {
            sum += Math.abs(probabilities.at(i) - dense.at(i)) / 2;
        }
        return sum / dense.dimension(0);
    }

    /** Mean over the rows of the divergence of {@link #dense} from q [B, C]: {@code sum q (ln q - ln dense)}. */
    public double lostDivergence(Tensor probabilities) {
        Tensor dense = dense();
        LogitLoss.requireSameShape("probabilities", probabilities, dense);
        double sum = 0;
        for (int i = 0; i < dense.size(); i++) {
            double q = probabilities.at(i);
            sum += q > 0 ? q * (StrictMath.log(q) - StrictMath.log(dense.at(i))) : 0;
        }
        return sum / dense.dimension(0);
    }

    private double sum(int start, int k) {
        double sum = 0;
        for (int i = start; i < start + k; i++) {
            sum += kept.at(i);
        }
        return sum;
    }
}
