package dev.cohort.distill;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/**
 * Mutual learning of pairs of peers on several named tensors (UDML): to the losses with the labels it adds, for each pair (i, j)
 * and each named tensor,
 *
 * <pre>
 * w (KL(p_i || p_j) + KL(p_j || p_i)) / 2       of logits [B, C], p = softmax
 * w mean over all elements of (F_i - F_j)^2     of feature maps
 * </pre>
 *
 * Nothing is detached: both peers of a pair get a gradient from all of it. For peer i that is the gradient of the pair's loss
 * with the tensors of j constant, so each peer computes its own.
 *
 * <p>Source: PaddleOCR, {@code ppocr/losses/basic_loss.py} ({@code DMLLoss} with {@code use_log}) and {@code
 * distillation_loss.py}.
 *
 * @param terms one for each named tensor
 */
public record MutualPairs(List<Term> terms) {
    /** How two tensors are compared. */
    public enum Form {
        /** Logits, by the mean of both divergences. */
        DIVERGENCE,
        /** Feature maps of one shape, by their mean squared difference. */
        SQUARES
    }

    /**
     * What a pair compares.
     *
     * @param tensor name of an output
     * @param form of the comparison
     * @param weight w, not negative
     */
    public record Term(String tensor, Form form, double weight) {
        public Term {
            if (!(weight >= 0)) {
                throw new IllegalArgumentException(
                        "weight " + weight + " of tensor " + tensor + " of a pair: must not be negative");
            }
        }
    }

    /**
     * What a peer learns from its partners.
     *
     * @param losses per partner, then per term, without weights
     * @param gradients of the weighted sum with respect to the peer's own tensors, by name, 64-bit; zeros without partners
     */
    public record Result(List<List<Double>> losses, NamedTensors gradients) {
        public Result {
            losses = losses.stream().map(List::copyOf).toList();
        }
    }

    public MutualPairs {
        terms = List.copyOf(terms);
        TreeSet<String> names = new TreeSet<>();
        for (Term term : terms) {
            if (!names.add(term.tensor())) {
                throw new IllegalArgumentException("tensor " + term.tensor() + " of a pair: must be named once");
            }
        }
    }

    /**
     * The losses and gradients of one peer.
     *
     * @param own tensors of the peer
     * @param partners tensors of every peer with which it forms a pair
     * @throws IllegalArgumentException when a tensor is missing, or the shapes of a pair differ
     */
    public Result of(NamedTensors own, List<NamedTensors> partners) {
        List<List<Double>> losses = new ArrayList<>();
        partners.forEach(partner -> losses.add(new ArrayList<>()));
        NamedTensors gradients = NamedTensors.none();
        for (Term term : terms) {
            Tensor tensor = own.get(term.tensor());
            double[] sum = new double[tensor.size()];
            for (int j = 0; j < partners.size(); j++) {
                double[] gradient = new double[sum.length];
                losses.get(j).add(compare(term, tensor, partners.get(j).get(term.tensor()), gradient));
                for (int i = 0; i < sum.length; i++) {
                    sum[i] += term.weight() * gradient[i];
                }
            }
            gradients = gradients.with(
                    term.tensor(), Tensor.of(DType.FLOAT64, sum, tensor.shape().toArray()));
        }
        return new Result(losses, gradients);
    }

    private static double compare(Term term, Tensor own, Tensor other, double[] gradient) {
        if (!own.shape().equals(other.shape())) {
            throw new IllegalArgumentException("tensor " + term.tensor() + " of shape " + own.shape()
                    + " beside the partner's " + other.shape() + ": must be equal");
        }
        return switch (term.form()) {
            case DIVERGENCE -> {
                LogitLoss loss = LogitLoss.symmetric(other, own);
                System.arraycopy(loss.gradient().toDoubles(), 0, gradient, 0, gradient.length);
                yield loss.loss();
            }
            case SQUARES -> squares(own.toDoubles(), other.toDoubles(), gradient);
        };
    }

    private static double squares(double[] own, double[] other, double[] gradient) {
        double sum = 0;
        for (int i = 0; i < own.length; i++) {
            double difference = own[i] - other[i];
            sum += difference * difference;
            gradient[i] = 2 * difference / own.length;
        }
        return own.length == 0 ? 0 : sum / own.length;
    }
}
