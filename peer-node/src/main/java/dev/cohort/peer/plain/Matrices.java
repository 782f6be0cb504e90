package dev.cohort.peer.plain;

/** Products of row-major matrices, each sum in ascending order of its index. */
final class Matrices {
    private Matrices() {}

    /** {@code x W^T + b}: x [rows, inputs], W [outputs, inputs], b [outputs] -> [rows, outputs]. */
    static double[] affine(double[] x, double[] weights, double[] bias, int rows) {
        int outputs = bias.length;
        int inputs = weights.length / outputs;
        double[] result = new double[rows * outputs];
        for (int row = 0; row < rows; row++) {
            for (int output = 0; output < outputs; output++) {
                double sum = bias[output];
                for (int input = 0; input < inputs; input++) {
                    sum += x[row * inputs + input] * weights[output * inputs + input];
                }
                result[row * outputs + output] = sum;
            }
        }
        return result;
    }

    /** {@code g W}: g [rows, outputs], W [outputs, inputs] -> [rows, inputs]. */
    static double[] timesRows(double[] gradient, double[] weights, int rows) {
        int outputs = gradient.length / rows;
        int inputs = weights.length / outputs;
        double[] result = new double[rows * inputs];
        for (int row = 0; row < rows; row++) {
            for (int output = 0; output < outputs; output++) {
                double factor = gradient[row * outputs + output];
                for (int input = 0; input < inputs; input++) {
                    result[row * inputs + input] += factor * weights[output * inputs + input];
                }
            }
        }
        return result;
    }

    /** Adds {@code g^T x} and the column sums of g to the gradients of an affine map. */
    static void addGradients(double[] gradient, double[] x, TrainedTensor weight, TrainedTensor bias, int rows) {
        double[] ofWeight = weight.gradient();
        double[] ofBias = bias.gradient();
        int outputs = ofBias.length;
        int inputs = ofWeight.length / outputs;
        for (int row = 0; row < rows; row++) {
            for (int output = 0; output < outputs; output++) {
                double factor = gradient[row * outputs + output];
                ofBias[output] += factor;
                for (int input = 0; input < inputs; input++) {
                    ofWeight[output * inputs + input] += factor * x[row * inputs + input];
                }
            }
        }
    }
}
