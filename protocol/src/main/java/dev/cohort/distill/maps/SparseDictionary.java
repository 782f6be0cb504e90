package dev.cohort.distill.maps;

import dev.cohort.distill.Softmax;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;

/**
 * The atoms d_1..d_M by which sparse representation matching (SRM) describes the pixels x of a map:
 *
 * <pre>
 * similarity_m = sigmoid(x.d_m + c)
 * </pre>
 *
 * A teacher trains its dictionary to reconstruct its map from the k most similar atoms of each pixel, and sends labels: the most
 * similar atom of each pixel and the mean similarities of each image. A student trains a dictionary of its own, with as many
 * atoms, to give the same labels. Of equal similarities the lower atom comes first.
 *
 * <p>Source: Tran, Gabbouj, Iosifidis, "Knowledge Distillation By Sparse Representation Matching" (arXiv 2103.17012), official
 * code viebboy/SRM.
 */
public final class SparseDictionary {
    private static final double LOGARITHM_MIN = -100;
    private static final double VARIANCE_MIN = 1e-12;

    private final PointwiseConvolution convolution;
    private final double intercept;
    private final int atoms;

    /**
     * @param atoms [M, D]
     * @param intercept c
     */
    public SparseDictionary(Tensor atoms, double intercept) {
        convolution = new PointwiseConvolution("dictionary", atoms);
        this.intercept = intercept;
        this.atoms = convolution.out;
    }

    /**
     * What a teacher says of a batch.
     *
     * @param pixels most similar atom of each pixel, [B H W]
     * @param images similarities, zero where not among the k largest of a pixel, averaged over positions, [B, M]
     */
    public record Labels(Ints pixels, Tensor images) {}

    /**
     * A loss and its gradients.
     *
     * @param loss its value
     * @param input gradient at the map [B, D, H, W]
     * @param dictionary gradient at the atoms [M, D]
     * @param intercept gradient at c
     */
    public record Trained(double loss, FeatureMap input, Tensor dictionary, double intercept) {}

    /** How the student's cross-entropy over the atoms of a pixel is formed. */
    public enum PixelForm {
        /** Of {@code x.d_m + c}. */
        CLEAN,
        /** Of the similarities, behind the sigmoid; it cannot fall under {@code ln(1 + (M - 1) / e)}. */
        AS_CODED
    }

    /**
     * The labels of a teacher's map.
     *
     * @param map [B, D, H, W]
     * @param k atoms kept per pixel, from 1 to M
     */
    public Labels labels(FeatureMap map, int k) {
        FeatureMap similarities = similarities(map);
        int positions = map.positions();
        int[] pixels = new int[map.rows() * positions];
        for (int i = 0; i < pixels.length; i++) {
            int first = first(i, positions);
            for (int m = 1; m < atoms; m++) {
                if (similarities.values[first + m * positions] > similarities.values[first + pixels[i] * positions]) {
                    pixels[i] = m;
                }
            }
        }
        double[] images = AveragePooling.pool(kept(similarities, k)).values;
        return new Labels(Ints.of(pixels), Tensor.of(DType.FLOAT64, images, map.rows(), atoms));
    }

    /**
     * The sum of the k most similar atoms of each pixel, each times its similarity, [B, D, H, W].
     *
     * @param map [B, D, H, W]
     * @param k atoms kept per pixel, from 1 to M
     */
    public FeatureMap reconstruction(FeatureMap map, int k) {
        return convolution.inputGradient(kept(similarities(map), k));
    }

    /**
     * The mean squared error of the reconstruction, by which a teacher trains its dictionary. Its gradient goes through
     * similarities and atoms; the map and the choice of the k atoms are constant, so the gradient at the map is zero.
     */
    public Trained reconstructionLoss(FeatureMap map, int k) {
        FeatureMap similarities = similarities(map);
        FeatureMap kept = kept(similarities, k);
        MapLoss error = SquaredError.ofMaps(convolution.inputGradient(kept), map);
        FeatureMap atKept = convolution.forward(error.gradient());
        double[] slope = new double[kept.values.length];
        for (int i = 0; i < slope.length; i++) {
            slope[i] = atKept.values[i] * kept.values[i] * (1 - kept.values[i]);
        }
        FeatureMap atActivation = kept.like(slope);
        Tensor asAtoms = convolution.weightGradient(error.gradient(), kept);
        Tensor asSimilarities = convolution.weightGradient(map, atActivation);
        double[] dictionary = asAtoms.toDoubles();
        for (int i = 0; i < dictionary.length; i++) {
            dictionary[i] += asSimilarities.at(i);
        }
        return new Trained(
                error.loss(),
                map.zeros(),
                Tensor.of(DType.FLOAT64, dictionary, asAtoms.shape().toArray()),
                sum(slope));
    }

    /**
     * The student's loss with the image labels: the binary cross-entropy of its similarities, averaged over positions without
     * leaving any out, mean over B and M.
     *
     * @param map [B, D, H, W]
     * @param labels [B, M]
     */
    public Trained imageLoss(FeatureMap map, Tensor labels) {
        FeatureMap similarities = similarities(map);
        FeatureMap means = AveragePooling.pool(similarities);
        means.requireSameShape(FeatureMap.of(labels));
        double[] slope = new double[means.values.length];
        double sum = 0;
        for (int i = 0; i < slope.length; i++) {
            double p = means.values[i];
            double t = labels.at(i);
            sum -= t * Math.max(LOGARITHM_MIN, StrictMath.log(p))
                    + (1 - t) * Math.max(LOGARITHM_MIN, StrictMath.log1p(-p));
            slope[i] = (p - t) / (Math.max(VARIANCE_MIN, p * (1 - p)) * slope.length);
        }
        FeatureMap atSimilarities = AveragePooling.gradient(means.like(slope), map.height(), map.width());
        return trained(sum / slope.length, map, throughSigmoid(similarities, atSimilarities.values));
    }

    /**
     * The student's loss with the pixel labels: the cross-entropy over the M atoms, mean over B, H and W.
     *
     * @param map [B, D, H, W]
     * @param labels most similar atom of each pixel at the teacher, [B H W]
     */
    public Trained pixelLoss(FeatureMap map, Ints labels, PixelForm form) {
        requireLabels(map, labels);
        FeatureMap similarities = similarities(map);
        FeatureMap scores = form == PixelForm.CLEAN ? activations(map) : similarities;
        int positions = map.positions();
        double[] rows = new double[scores.values.length];
        for (int i = 0; i < labels.size(); i++) {
            for (int m = 0; m < atoms; m++) {
                rows[i * atoms + m] = scores.values[first(i, positions) + m * positions];
            }
        }
        double[] logarithms = Softmax.logProbabilities(rows, atoms, 1);
        double[] slope = new double[rows.length];
        double sum = 0;
        for (int i = 0; i < labels.size(); i++) {
            sum -= logarithms[i * atoms + labels.get(i)];
            for (int m = 0; m < atoms; m++) {
                double target = labels.get(i) == m ? 1 : 0;
                slope[first(i, positions) + m * positions] =
                        (StrictMath.exp(logarithms[i * atoms + m]) - target) / labels.size();
            }
        }
        return trained(
                sum / labels.size(),
                map,
                form == PixelForm.CLEAN ? scores.like(slope) : throughSigmoid(similarities, slope));
    }

    private void requireLabels(FeatureMap map, Ints labels) {
        if (labels.size() != map.rows() * map.positions()) {
            throw new IllegalArgumentException(labels.size() + " pixel labels for feature map " + map + ": must be "
                    + map.rows() * map.positions() + ", one for each pixel");
        }
        for (int i = 0; i < labels.size(); i++) {
            if (labels.get(i) < 0 || labels.get(i) >= atoms) {
                throw new IllegalArgumentException("label " + labels.get(i) + " of pixel " + i
                        + ": must be from 0 to below " + atoms + ", the number of atoms");
            }
        }
    }

    /** The gradients of a loss, given that at the activations. */
    private Trained trained(double loss, FeatureMap map, FeatureMap atActivations) {
        return new Trained(
                loss,
                convolution.inputGradient(atActivations),
                convolution.weightGradient(map, atActivations),
                sum(atActivations.values));
    }

    private static FeatureMap throughSigmoid(FeatureMap similarities, double[] slope) {
        double[] before = new double[slope.length];
        for (int i = 0; i < before.length; i++) {
            double s = similarities.values[i];
            before[i] = slope[i] * s * (1 - s);
        }
        return similarities.like(before);
    }

    private FeatureMap activations(FeatureMap map) {
        double[] values = convolution.forward(map).toDoubles();
        for (int i = 0; i < values.length; i++) {
            values[i] += intercept;
        }
        return FeatureMap.wrap(map.rows(), atoms, map.height(), map.width(), values);
    }

    private FeatureMap similarities(FeatureMap map) {
        FeatureMap activations = activations(map);
        double[] similarities = new double[activations.values.length];
        for (int i = 0; i < similarities.length; i++) {
            similarities[i] = 1 / (1 + StrictMath.exp(-activations.values[i]));
        }
        return activations.like(similarities);
    }

    /** The k largest similarities of each pixel; zeros elsewhere. */
    private FeatureMap kept(FeatureMap similarities, int k) {
        if (k < 1 || k > atoms) {
            throw new IllegalArgumentException(
                    "atoms kept " + k + ": must be from 1 to " + atoms + ", the number of atoms");
        }
        int positions = similarities.positions();
        double[] kept = new double[similarities.values.length];
        boolean[] taken = new boolean[atoms];
        for (int i = 0; i < similarities.rows() * positions; i++) {
            Arrays.fill(taken, false);
            for (int j = 0; j < k; j++) {
                int largest = largest(similarities.values, first(i, positions), positions, taken);
                taken[largest] = true;
                int at = first(i, positions) + largest * positions;
                kept[at] = similarities.values[at];
            }
        }
        return similarities.like(kept);
    }

    private int largest(double[] values, int first, int positions, boolean[] taken) {
        int largest = -1;
        for (int m = 0; m < atoms; m++) {
            boolean larger = largest < 0 || values[first + m * positions] > values[first + largest * positions];
            if (!taken[m] && larger) {
                largest = m;
            }
        }
        return largest;
    }

    /** Where the first atom of a pixel lies in [B, M, H W]. */
    private int first(int pixel, int positions) {
        return pixel / positions * atoms * positions + pixel % positions;
    }

    private static double sum(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum;
    }
}
