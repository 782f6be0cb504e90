package dev.cohort.study;

import dev.cohort.distill.Softmax;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.tensor.Ints;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The tests of a run over time: the dynamics after every test, the accuracy on every class, and the history of every test image.
 * One pass over the log. Memory is that of {@link SampleHistory}, and one number for each test, peer and class.
 *
 * @param points in the order of the steps
 * @param classes of the same tests
 * @param samples history of every image for each peer
 * @param together history of every image for the {@link #ENSEMBLE} alone
 */
public record TestHistory(
        List<DynamicsHistory.Point> points, List<Classes> classes, SampleHistory samples, SampleHistory together) {
    /** Stands for the mean probability of all peers of a test; not a valid peer id. */
    public static final String ENSEMBLE = "*ensemble";

    public TestHistory {
        points = List.copyOf(points);
        classes = List.copyOf(classes);
    }

    /**
     * Accuracy on every class.
     *
     * @param accuracy by peer and for the ensemble: share of the images of each class that are classified correctly; 0 for a class
     *     without images
     */
    public record Classes(long step, int epoch, SortedMap<String, List<Double>> accuracy) {}

    /** Reads the recorded tests of {@code members}, once. */
    public static TestHistory of(RecordedLog log, EnsembleMembers members, Ints labels, int classes) {
        List<DynamicsHistory.Point> points = new ArrayList<>();
        List<Classes> byClass = new ArrayList<>();
        SampleHistory samples = new SampleHistory(labels.size());
        SampleHistory together = new SampleHistory(labels.size());
        DynamicsHistory.tests(log, members, labels, classes, test -> {
            points.add(
                    new DynamicsHistory.Point(test.step(), test.epoch(), Dynamics.of(test.logits(), labels, classes)));
            SortedMap<String, double[]> outputs = new TreeMap<>(test.logits());
            outputs.put(ENSEMBLE, sumOfProbabilities(test.logits(), labels.size(), classes));
            TreeMap<String, List<Double>> accuracy = new TreeMap<>();
            outputs.forEach((source, scores) -> {
                SampleHistory history = source.equals(ENSEMBLE) ? together : samples;
                int[] right = new int[classes];
                int[] all = new int[classes];
                for (int row = 0; row < labels.size(); row++) {
                    int label = labels.get(row);
                    boolean hit = Score.largest(scores, row * classes, classes) == label;
                    history.presented(test.step(), source, row, hit);
                    right[label] += hit ? 1 : 0;
                    all[label]++;
                }
                accuracy.put(source, shares(right, all));
            });
            byClass.add(new Classes(test.step(), test.epoch(), Collections.unmodifiableSortedMap(accuracy)));
        });
        return new TestHistory(points, byClass, samples, together);
    }

    private static double[] sumOfProbabilities(SortedMap<String, double[]> logits, int rows, int classes) {
        double[] sum = new double[rows * classes];
        for (double[] one : logits.values()) {
            double[] p = Softmax.probabilities(one, classes, 1);
            for (int k = 0; k < sum.length; k++) {
                sum[k] += p[k];
            }
        }
        return sum;
    }

    private static List<Double> shares(int[] right, int[] all) {
        List<Double> shares = new ArrayList<>();
        for (int c = 0; c < all.length; c++) {
            shares.add(all[c] == 0 ? 0 : (double) right[c] / all[c]);
        }
        return Collections.unmodifiableList(shares);
    }
}
