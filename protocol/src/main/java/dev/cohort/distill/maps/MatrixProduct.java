package dev.cohort.distill.maps;

import java.util.Arrays;

/**
 * Products of matrices. An element of a product is always summed in the order of the inner index, with one rounding per
 * multiplication and one per addition, so its bits depend on nothing but the numbers.
 *
 * <p>The inner loop runs along rows, each an array of its own and read from its start: the JIT makes vectors of such a loop, but not
 * of one over several rows of one array, since it cannot tell that these do not overlap, nor of one over more rows at once.
 */
final class MatrixProduct {
    /** Inner indices taken in one pass over a row, so that the row is read and written less often. */
    private static final int STEP = 4;
    /** Rows of the second factor that stay in the cache while all rows of the product pass by; a multiple of the step. */
    private static final int BLOCK = 64;

    private MatrixProduct() {}

    /**
     * {@code out += a b}, of matrices as rows.
     *
     * @param a [n, k], rows of at least k elements
     * @param b [k, m], at least k rows of at least m elements
     * @param out [n, m], rows of at least m elements
     */
    static void add(double[][] a, double[][] b, double[][] out, int k, int m) {
        for (int start = 0; start < k; start += BLOCK) {
            int end = Math.min(k, start + BLOCK);
            int steps = start + (end - start) / STEP * STEP;
            for (int i = 0; i < out.length; i++) {
                for (int l = start; l < steps; l += STEP) {
                    addStep(a[i], l, b, out[i], m);
                }
                for (int l = steps; l < end; l++) {
                    addScaled(a[i][l], b[l], out[i], m);
                }
            }
        }
    }

    private static void addStep(double[] p, int l, double[][] b, double[] row, int m) {
        double p0 = p[l];
        double p1 = p[l + 1];
        double p2 = p[l + 2];
        double p3 = p[l + 3];
        double[] b0 = b[l];
        double[] b1 = b[l + 1];
        double[] b2 = b[l + 2];
        double[] b3 = b[l + 3];
        for (int j = 0; j < m; j++) {
            // From left to right, as if the rows were added one after the other.
            row[j] = row[j] + p0 * b0[j] + p1 * b1[j] + p2 * b2[j] + p3 * b3[j];
        }
    }

    private static void addScaled(double scale, double[] b, double[] row, int m) {
        for (int j = 0; j < m; j++) {
            row[j] += scale * b[j];
        }
    }

    /** {@code out += factor a b} with a [n, k] at {@code aAt}, b [k, m] at {@code bAt}, out [n, m] at {@code outAt}. */
    static void add(
            double[] a, int aAt, double[] b, int bAt, double[] out, int outAt, int n, int k, int m, double factor) {
        double[][] scaled = rows(a, aAt, n, k);
        for (double[] row : scaled) {
            for (int l = 0; l < k; l++) {
                row[l] *= factor;
            }
        }
        double[][] sums = rows(out, outAt, n, m);
        add(scaled, rows(b, bAt, k, m), sums, k, m);
        for (int i = 0; i < n; i++) {
            System.arraycopy(sums[i], 0, out, outAt + i * m, m);
        }
    }

    /** {@code a b^T} with a [n, k] at {@code aAt}, b [m, k] at {@code bAt}. */
    static double[] withTransposed(double[] a, int aAt, double[] b, int bAt, int n, int k, int m) {
        double[][] sums = new double[n][m];
        add(rows(a, aAt, n, k), transposed(rows(b, bAt, m, k), k), sums, k, m);
        double[] product = new double[n * m];
        for (int i = 0; i < n; i++) {
            System.arraycopy(sums[i], 0, product, i * m, m);
        }
        return product;
    }

    /** Copies the rows of the matrix [n, m] at {@code at}. */
    static double[][] rows(double[] matrix, int at, int n, int m) {
        double[][] rows = new double[n][];
        for (int i = 0; i < n; i++) {
            rows[i] = Arrays.copyOfRange(matrix, at + i * m, at + (i + 1) * m);
        }
        return rows;
    }

    /** The rows [m, n] of the transposed of a matrix [n, m]. */
    static double[][] transposed(double[][] matrix, int m) {
        double[][] transposed = new double[m][matrix.length];
        transpose(matrix, transposed, m);
        return transposed;
    }

    /**
     * Writes the transposed of a matrix [n, m].
     *
     * @param into at least m rows of at least n elements
     */
    static void transpose(double[][] matrix, double[][] into, int m) {
        for (int j = 0; j < m; j++) {
            double[] row = into[j];
            for (int i = 0; i < matrix.length; i++) {
                row[i] = matrix[i][j];
            }
        }
    }
}
