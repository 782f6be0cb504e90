package dev.cohort.study;

import dev.cohort.distill.Softmax;
import dev.cohort.tensor.Ints;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;

/**
 * Figures of an ensemble on N labelled images: how good its members are, how good together, and how different from one another.
 *
 * <pre>
 * ensemble by probability: mean_i p_i      ensemble by logits: softmax(mean_i z_i)
 * Brier(mean p) = mean_i Brier(p_i) - variance,  variance = mean over i and images of sum_c (p_i - mean p)^2
 * disagreement_ij: share of images with different largest classes     KL_ij: mean KL(p_i || p_j)
 * double fault_ij: share of images on which both are wrong            oracle: share on which any is right
 * leave one out_i: accuracy of the mean probability of all minus that without i
 * </pre>
 *
 * Brier decomposition: Krogh and Vedelsby, "Neural Network Ensembles, Cross Validation, and Active Learning", NeurIPS 1994, for
 * squared errors. Choice of the figures: Allen-Zhu and Li, "Towards Understanding Ensemble, Knowledge Distillation and
 * Self-Distillation in Deep Learning" (arXiv 2012.09816).
 *
 * @param peers in the order of their names, like all other lists
 * @param each figures of every peer
 * @param byProbability of the mean probability
 * @param byLogits of the mean of the logits
 * @param disagreement [m][m]
 * @param divergence KL [m][m], row the first argument
 * @param doubleFault [m][m]; the diagonal is the error rate
 * @param variance of the members around their mean probability
 * @param oracle 0..1
 * @param leaveOneOut what each peer is worth; negative where the others are better without it. Empty for a single peer
 */
public record Dynamics(
        List<String> peers,
        List<Figures> each,
        Figures byProbability,
        Figures byLogits,
        List<List<Double>> disagreement,
        List<List<Double>> divergence,
        List<List<Double>> doubleFault,
        double variance,
        double oracle,
        List<Double> leaveOneOut) {
    /**
     * How good probabilities are.
     *
     * @param negativeLogLikelihood mean of -ln p[label]
     * @param brier mean of the squared distance from the label, summed over classes
     * @param calibrationError ECE with 15 bins (lo, hi]
     */
    public record Figures(double accuracy, double negativeLogLikelihood, double brier, double calibrationError) {}

    /** Mean accuracy of the peers. */
    public double meanAccuracy() {
        return each.stream().mapToDouble(Figures::accuracy).average().orElse(0);
    }

    /** How much better the mean probability is than the peers are on average. */
    public double gain() {
        return byProbability.accuracy() - meanAccuracy();
    }

    /** Mean disagreement of two different peers; 0 for a single one. */
    public double meanDisagreement() {
        return meanOfPairs(disagreement);
    }

    /** Mean KL of one peer from another; 0 for a single one. */
    public double meanDivergence() {
        return meanOfPairs(divergence);
    }

    /** Mean share of images on which both of two peers are wrong; 0 for a single one. */
    public double meanDoubleFault() {
        return meanOfPairs(doubleFault);
    }

    /** Mean correlation of the errors of two peers; 0 for a single one. */
    public double meanErrorCorrelation() {
        return meanOfPairs(errorCorrelation());
    }

    /**
     * Correlation of "is wrong" between two peers [m][m]: {@code (d_ij - e_i e_j) / sqrt(e_i (1 - e_i) e_j (1 - e_j))} with d the
     * double fault and e the error rate; 0 where a peer is always or never wrong.
     */
    public List<List<Double>> errorCorrelation() {
        List<List<Double>> matrix = new ArrayList<>();
        for (int i = 0; i < peers.size(); i++) {
            List<Double> row = new ArrayList<>();
            for (int j = 0; j < peers.size(); j++) {
                double ei = doubleFault.get(i).get(i);
                double ej = doubleFault.get(j).get(j);
                double spread = StrictMath.sqrt(ei * (1 - ei) * ej * (1 - ej));
                row.add(spread == 0 ? 0 : (doubleFault.get(i).get(j) - ei * ej) / spread);
            }
            matrix.add(Collections.unmodifiableList(row));
        }
        return Collections.unmodifiableList(matrix);
    }

    private static double meanOfPairs(List<List<Double>> matrix) {
        double sum = 0;
        for (int i = 0; i < matrix.size(); i++) {
            for (int j = 0; j < matrix.size(); j++) {
                sum += i == j ? 0 : matrix.get(i).get(j);
            }
        }
        int pairs = matrix.size() * (matrix.size() - 1);
        return pairs == 0 ? 0 : sum / pairs;
    }

    /**
     * Computes the figures.
     *
     * @param logits [N, C] of every peer, at least one
     * @param labels class of each image
     */
    public static Dynamics of(SortedMap<String, double[]> logits, Ints labels, int classes) {
        return new Measured(List.copyOf(logits.values()), labels, classes).dynamics(List.copyOf(logits.keySet()));
    }

    /** The matrices of one measurement. */
    private static final class Measured {
        private final int peers;
        private final int rows;
        private final int classes;
        private final Ints labels;
        private final List<double[]> logits;
        private final List<double[]> p;
        private final List<double[]> logarithms;

        Measured(List<double[]> logits, Ints labels, int classes) {
            this.logits = logits;
            this.labels = labels;
            this.classes = classes;
            peers = logits.size();
            rows = labels.size();
            p = logits.stream().map(z -> Softmax.probabilities(z, classes, 1)).toList();
            logarithms = logits.stream()
                    .map(z -> Softmax.logProbabilities(z, classes, 1))
                    .toList();
        }

        Dynamics dynamics(List<String> names) {
            double[] mean = mean(p, -1);
            double[] meanLogits = mean(logits, -1);
            List<Figures> each = new ArrayList<>();
            for (int i = 0; i < peers; i++) {
                each.add(figures(p.get(i), logarithms.get(i)));
            }
            return new Dynamics(
                    names,
                    each,
                    figures(mean, logarithms(mean)),
                    figures(
                            Softmax.probabilities(meanLogits, classes, 1),
                            Softmax.logProbabilities(meanLogits, classes, 1)),
                    pairs((i, j) -> share(row -> best(p.get(i), row) != best(p.get(j), row))),
                    pairs(this::divergence),
                    pairs((i, j) -> share(row -> wrong(p.get(i), row) && wrong(p.get(j), row))),
                    variance(mean),
                    share(row -> p.stream().anyMatch(one -> !wrong(one, row))),
                    leaveOneOut(mean));
        }

        /** Element-wise mean of all but {@code without}. */
        private double[] mean(List<double[]> of, int without) {
            double[] sum = new double[rows * classes];
            for (int i = 0; i < peers; i++) {
                for (int k = 0; k < sum.length && i != without; k++) {
                    sum[k] += of.get(i)[k];
                }
            }
            int count = without < 0 ? peers : peers - 1;
            for (int k = 0; k < sum.length; k++) {
                sum[k] /= count;
            }
            return sum;
        }

        private static double[] logarithms(double[] probabilities) {
            double[] logarithms = new double[probabilities.length];
            for (int k = 0; k < logarithms.length; k++) {
                logarithms[k] = StrictMath.log(Math.max(probabilities[k], Double.MIN_NORMAL));
            }
            return logarithms;
        }

        private Figures figures(double[] probabilities, double[] logs) {
            Score score = new Score();
            double nll = 0;
            for (int row = 0; row < rows; row++) {
                nll -= logs[row * classes + labels.get(row)];
            }
            score.add(probabilities, labels, classes);
            return new Figures(score.accuracy(), nll / rows, score.brier(), score.calibrationError());
        }

        private int best(double[] of, int row) {
            return Score.largest(of, row * classes, classes);
        }

        private boolean wrong(double[] of, int row) {
            return best(of, row) != labels.get(row);
        }

        private interface RowTest {
            boolean holds(int row);
        }

        private double share(RowTest test) {
            int count = 0;
            for (int row = 0; row < rows; row++) {
                count += test.holds(row) ? 1 : 0;
            }
            return (double) count / rows;
        }

        private interface Pair {
            double value(int i, int j);
        }

        private List<List<Double>> pairs(Pair pair) {
            List<List<Double>> matrix = new ArrayList<>();
            for (int i = 0; i < peers; i++) {
                List<Double> row = new ArrayList<>();
                for (int j = 0; j < peers; j++) {
                    row.add(pair.value(i, j));
                }
                matrix.add(Collections.unmodifiableList(row));
            }
            return Collections.unmodifiableList(matrix);
        }

        private double divergence(int i, int j) {
            double sum = 0;
            for (int k = 0; k < rows * classes; k++) {
                sum += p.get(i)[k] * (logarithms.get(i)[k] - logarithms.get(j)[k]);
            }
            return sum / rows;
        }

        private double variance(double[] mean) {
            double sum = 0;
            for (double[] one : p) {
                for (int k = 0; k < mean.length; k++) {
                    sum += (one[k] - mean[k]) * (one[k] - mean[k]);
                }
            }
            return sum / peers / rows;
        }

        private List<Double> leaveOneOut(double[] mean) {
            List<Double> values = new ArrayList<>();
            double all = share(row -> !wrong(mean, row));
            for (int i = 0; i < peers && peers > 1; i++) {
                double[] others = mean(p, i);
                values.add(all - share(row -> !wrong(others, row)));
            }
            return Collections.unmodifiableList(values);
        }
    }
}
