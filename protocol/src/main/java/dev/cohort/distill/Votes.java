package dev.cohort.distill;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.util.List;

/**
 * Votes of peers: each sends the class of its largest logit per row. The target of a peer is either the shares of the others'
 * votes per class, or the class with most votes of all; both go into a cross-entropy ({@link LogitLoss#crossEntropy}) without
 * temperature. A tie, of logits or of votes, is won by the lowest class.
 *
 * <p>Source of the idea: TallyTrain (arXiv 2607.00173); ties, shares and weight are ours.
 */
public final class Votes {
    private Votes() {}

    /**
     * The votes [B] of one peer.
     *
     * @param logits [B, C]
     */
    public static Ints of(Tensor logits) {
        LogitLoss.requireSameShape("logits", logits, logits);
        int classes = logits.dimension(1);
        int[] votes = new int[logits.dimension(0)];
        for (int row = 0; row < votes.length; row++) {
            for (int c = 1; c < classes; c++) {
                if (logits.at(row * classes + c) > logits.at(row * classes + votes[row])) {
                    votes[row] = c;
                }
            }
        }
        return Ints.of(votes);
    }

    /**
     * The share [B, C] of the votes that each class got; each row sums to 1.
     *
     * @param votes [B] of each voter; at least one voter
     * @param classes C
     */
    public static Tensor shares(List<Ints> votes, int classes) {
        double[] shares = counts(votes, classes);
        for (int i = 0; i < shares.length; i++) {
            shares[i] /= votes.size();
        }
        return Tensor.of(DType.FLOAT64, shares, votes.get(0).size(), classes);
    }

    /**
     * The class [B] with most votes in each row.
     *
     * @param votes [B] of each voter; at least one voter
     * @param classes C
     */
    public static Ints majority(List<Ints> votes, int classes) {
        return of(Tensor.of(DType.FLOAT64, counts(votes, classes), votes.get(0).size(), classes));
    }

    /** Rows [B, C] of a one and zeros. */
    public static Tensor oneHot(Ints votes, int classes) {
        return shares(List.of(votes), classes);
    }

    private static double[] counts(List<Ints> votes, int classes) {
        if (votes.isEmpty()) {
            throw new IllegalArgumentException("votes of no peer: must be of at least one");
        }
        int rows = votes.get(0).size();
        double[] counts = new double[rows * classes];
        for (Ints one : votes) {
            if (one.size() != rows) {
                throw new IllegalArgumentException(
                        "votes on " + one.size() + " rows: must be " + rows + ", as those of the first peer");
            }
            for (int row = 0; row < rows; row++) {
                if (one.get(row) < 0 || one.get(row) >= classes) {
                    throw new IllegalArgumentException("vote for class " + one.get(row) + ": must be from 0 to below "
                            + classes + ", the number of classes");
                }
                counts[row * classes + one.get(row)]++;
            }
        }
        return counts;
    }
}
