package dev.cohort.protocol;

import dev.cohort.tensor.Ints;
import java.util.List;

/**
 * Labels of a batch whose images are mixed from one or more sources: {@code y[b] = sum_k weights[k] * onehot(classIds[k][b])}.
 * The cross-entropy is linear in the labels, so that with y it is the weighted sum of those with the sources' classes, as in
 * MixUp (Zhang et al., 2018) and CutMix (Yun et al., 2019).
 *
 * @param classes number of classes C
 * @param classIds per source k, the class of that source's sample in each row
 * @param weights per source, non-negative, summing to 1
 */
public record SoftLabels(int classes, List<Ints> classIds, List<Double> weights) {
    public SoftLabels {
        classIds = List.copyOf(classIds);
        weights = List.copyOf(weights);
        Limits limits = Limits.DEFAULT;
        Sayable.between(1, limits.classesMax(), classes, "classes");
        Sayable.count(limits.sourcesMax() + 1, classIds, "label sources");
        if (classIds.isEmpty() || classIds.size() != weights.size()) {
            throw new IllegalArgumentException("labels of " + classIds.size() + " sources with " + weights.size()
                    + " weights: must be equal, and at least 1");
        }
        for (Ints source : classIds) {
            if (source.size() != classIds.get(0).size()) {
                throw new IllegalArgumentException("label source of " + source.size() + " rows: must be "
                        + classIds.get(0).size() + ", as the first source");
            }
            Sayable.indices(source, classes, "class id");
        }
        Sayable.atMost(
                limits.labelCellsMax(), (long) classIds.get(0).size() * classes, "rows times classes of the labels");
        double sum = 0;
        for (double weight : weights) {
            Sayable.notNegative(weight, "label weight");
            sum += weight;
        }
        if (Math.abs(sum - 1) > 1e-9) {
            throw new IllegalArgumentException("label weights sum to " + sum + ": must sum to 1");
        }
    }

    /** Rows B of the batch. */
    public int rows() {
        return classIds.get(0).size();
    }

    /** y as a fresh row-major B x C array. */
    public double[] dense() {
        double[] dense = new double[rows() * classes];
        for (int source = 0; source < weights.size(); source++) {
            for (int row = 0; row < rows(); row++) {
                dense[row * classes + classIds.get(source).get(row)] += weights.get(source);
            }
        }
        return dense;
    }
}
