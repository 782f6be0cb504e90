package dev.cohort.distill.maps;

/** Sums over the rows and positions of one channel. */
final class ChannelSums {
    private ChannelSums() {}

    static double of(double[] values, FeatureMap shape, int channel) {
        double sum = 0;
        for (int row = 0; row < shape.rows(); row++) {
            int start = (row * shape.channels() + channel) * shape.positions();
            for (int i = start; i < start + shape.positions(); i++) {
                sum += values[i];
            }
        }
        return sum;
    }

    static double ofProducts(double[] a, double[] b, FeatureMap shape, int channel) {
        double sum = 0;
        for (int row = 0; row < shape.rows(); row++) {
            int start = (row * shape.channels() + channel) * shape.positions();
            for (int i = start; i < start + shape.positions(); i++) {
                sum += a[i] * b[i];
            }
        }
        return sum;
    }

    static void shift(double[] values, FeatureMap shape, int channel, double by) {
        for (int row = 0; row < shape.rows(); row++) {
            int start = (row * shape.channels() + channel) * shape.positions();
            for (int i = start; i < start + shape.positions(); i++) {
                values[i] += by;
            }
        }
    }
}
