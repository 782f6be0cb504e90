package dev.cohort.distill.maps;

/** Products of row-major matrices that lie in larger arrays. The inner loop runs along rows, which the JIT turns into vectors. */
final class MatrixProduct {
    private MatrixProduct() {}

    /** {@code out += factor a b} with a [n, k] at {@code aAt}, b [k, m] at {@code bAt}, out [n, m] at {@code outAt}. */
    static void add(
            double[] a, int aAt, double[] b, int bAt, double[] out, int outAt, int n, int k, int m, double factor) {
        for (int i = 0; i < n; i++) {
            int row = outAt + i * m;
            for (int l = 0; l < k; l++) {
                double scale = factor * a[aAt + i * k + l];
                int from = bAt + l * m;
                for (int j = 0; j < m; j++) {
                    out[row + j] += scale * b[from + j];
                }
            }
        }
    }

    /** {@code a b^T} with a [n, k] at {@code aAt}, b [m, k] at {@code bAt}. */
    static double[] withTransposed(double[] a, int aAt, double[] b, int bAt, int n, int k, int m) {
        double[] product = new double[n * m];
        add(a, aAt, transposed(b, bAt, m, k), 0, product, 0, n, k, m, 1);
        return product;
    }

    /** The transposed [m, n] of the matrix [n, m] at {@code at}. */
    static double[] transposed(double[] matrix, int at, int n, int m) {
        double[] transposed = new double[n * m];
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < m; j++) {
                transposed[j * n + i] = matrix[at + i * m + j];
            }
        }
        return transposed;
    }
}
