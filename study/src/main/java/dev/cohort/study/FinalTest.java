package dev.cohort.study;

import dev.cohort.distill.Softmax;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The last test of a network.
 *
 * @param step after which it was tested
 * @param accuracy on the test images, as the peer reports
 * @param logits [N, C], if the log has them
 */
public record FinalTest(String peer, long step, double accuracy, Optional<Tensor> logits) {
    /** The last tests of a run, in the order of the peers' names. */
    public static List<FinalTest> of(RecordedLog log, Ints labels, int classes) {
        TreeMap<String, FinalTest> last = new TreeMap<>();
        try (RecordedLog.Reading reading = log.read(Topic.EVALUATIONS, 0)) {
            for (Optional<RecordedLog.Entry> next = reading.next(); next.isPresent(); next = reading.next()) {
                if (next.get() instanceof RecordedLog.Said record
                        && record.message() instanceof Evaluation test
                        && !test.source().equals(Evaluation.TEACHER)) {
                    last.merge(
                            test.source(), of(test, labels, classes), (was, is) -> is.step() > was.step() ? is : was);
                }
            }
        }
        return List.copyOf(last.values());
    }

    private static FinalTest of(Evaluation test, Ints labels, int classes) {
        return new FinalTest(
                test.source(),
                test.step(),
                test.accuracy(),
                test.tensors().find(TensorName.LOGITS).filter(z -> z.shape().equals(Ints.of(labels.size(), classes))));
    }

    /**
     * How good the mean probability of k networks is: accuracy for k = 1 to n, each the mean over all subsets of k.
     *
     * @param logits [N, C] of each network, at most {@value #NETWORKS_MAX} of them
     * @param labels class of each of the N images
     */
    public static List<Double> ofEnsembles(List<Tensor> logits, Ints labels, int classes) {
        List<double[]> networks = logits.stream()
                .map(z -> Softmax.probabilities(z.toDoubles(), classes, 1))
                .toList();
        if (networks.size() > NETWORKS_MAX) {
            throw new IllegalArgumentException(
                    "ensembles of all subsets of " + networks.size() + " networks: must be at most " + NETWORKS_MAX);
        }
        double[] accuracies = new double[networks.size() + 1];
        long[] subsets = new long[networks.size() + 1];
        extend(networks, labels, classes, 0, 0, new double[labels.size() * classes], (size, accuracy) -> {
            accuracies[size] += accuracy;
            subsets[size]++;
        });
        List<Double> means = new ArrayList<>();
        for (int size = 1; size <= networks.size(); size++) {
            means.add(accuracies[size] / subsets[size]);
        }
        return List.copyOf(means);
    }

    /** The number of subsets doubles with each network. */
    public static final int NETWORKS_MAX = 10;

    private interface Scored {
        void take(int size, double accuracy);
    }

    /** Scores every subset that adds some of the networks from {@code next} on to those in {@code sum}. */
    private static void extend(
            List<double[]> networks, Ints labels, int classes, int next, int size, double[] sum, Scored scored) {
        for (int i = next; i < networks.size(); i++) {
            double[] more = sum.clone();
            for (int k = 0; k < more.length; k++) {
                more[k] += networks.get(i)[k];
            }
            scored.take(size + 1, accuracy(more, labels, classes));
            extend(networks, labels, classes, i + 1, size + 1, more, scored);
        }
    }

    private static double accuracy(double[] sum, Ints labels, int classes) {
        int right = 0;
        for (int row = 0; row < labels.size(); row++) {
            right += Score.largest(sum, row * classes, classes) == labels.get(row) ? 1 : 0;
        }
        return labels.size() == 0 ? 0 : (double) right / labels.size();
    }
}
