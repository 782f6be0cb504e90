package dev.cohort.coordinator.method;

/** Small dense systems of linear equations. */
final class LinearSystem {
    private LinearSystem() {}

    /**
     * Solves by elimination, the largest pivot of each column first, in an order that depends on the numbers alone.
     *
     * @param system n rows of n coefficients and the right side; is overwritten
     * @return n numbers; not finite where the system has no unique solution
     */
    static double[] solve(double[][] system) {
        int n = system.length;
        for (int column = 0; column < n; column++) {
            int pivot = column;
            for (int row = column + 1; row < n; row++) {
                pivot = Math.abs(system[row][column]) > Math.abs(system[pivot][column]) ? row : pivot;
            }
            double[] swapped = system[column];
            system[column] = system[pivot];
            system[pivot] = swapped;
            for (int row = column + 1; row < n; row++) {
                double factor = system[row][column] / system[column][column];
                for (int i = column; i <= n; i++) {
                    system[row][i] -= factor * system[column][i];
                }
            }
        }
        double[] solution = new double[n];
        for (int row = n - 1; row >= 0; row--) {
            double sum = system[row][n];
            for (int i = row + 1; i < n; i++) {
                sum -= system[row][i] * solution[i];
            }
            solution[row] = sum / system[row][row];
        }
        return solution;
    }
}
