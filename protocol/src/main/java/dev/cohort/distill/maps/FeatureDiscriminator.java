package dev.cohort.distill.maps;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * Tells features of a student from those of a teacher, one for each layer that MEAL compares: linear layers with bias, ReLU
 * behind each of them, behind the last one too, down to two logits. Its loss is the binary cross-entropy of both logits with [1,
 * 0] for a student's row and [0, 1] for a teacher's, mean over all 2B rows and both logits.
 *
 * <p>Source: Shen, He, Xue, "MEAL: Multi-Model Ensemble via Adversarial Learning", AAAI 2019 (arXiv 1812.02425), official code
 * {@code models/discriminator.py}. The official default trains student and discriminator together to make this loss small; with
 * gradient reversal the student makes it large ({@link Result#reversed}).
 */
public final class FeatureDiscriminator {
    private static final int LOGITS = 2;

    private final List<PointwiseConvolution> layers = new ArrayList<>();
    private final List<double[]> biases = new ArrayList<>();

    /**
     * @param weights per layer [out, in], the last with out = 2
     * @param biases per layer [out]
     */
    public FeatureDiscriminator(List<Tensor> weights, List<Tensor> biases) {
        if (weights.isEmpty() || weights.size() != biases.size()) {
            throw new IllegalArgumentException("discriminator of " + weights.size() + " weights and " + biases.size()
                    + " biases: must be as many, and at least 1");
        }
        for (int i = 0; i < weights.size(); i++) {
            PointwiseConvolution layer = new PointwiseConvolution("discriminator's weight " + i, weights.get(i));
            layers.add(layer);
            this.biases.add(layer.perChannel("discriminator's bias " + i, biases.get(i)));
        }
        if (weights.get(weights.size() - 1).dimension(0) != LOGITS) {
            throw new IllegalArgumentException("discriminator with "
                    + weights.get(weights.size() - 1).dimension(0) + " logits: must be " + LOGITS);
        }
    }

    /**
     * Loss and gradients.
     *
     * @param loss mean over 2B rows and both logits
     * @param logits [2B, 2], the rows of the student first
     * @param student gradient at the student's features, that of the loss as it is
     * @param weights gradients per layer
     * @param biases gradients per layer
     */
    public record Result(double loss, Tensor logits, FeatureMap student, List<Tensor> weights, List<Tensor> biases) {
        public Result {
            weights = List.copyOf(weights);
            biases = List.copyOf(biases);
        }

        /** The student's gradient behind gradient reversal: the same times -1. The discriminator's own stay as they are. */
        public FeatureMap reversed() {
            return student.zeros().plus(student, -1);
        }
    }

    /**
     * The loss on one batch.
     *
     * @param student features [B, D, 1, 1]
     * @param teacher features of the same shape, constant
     */
    public Result of(FeatureMap student, FeatureMap teacher) {
        student.requireSameShape(teacher);
        if (student.positions() != 1) {
            throw new IllegalArgumentException("feature map " + student
                    + " at a discriminator of features: must be pooled, with height and width 1");
        }
        List<FeatureMap> activations = activations(stacked(student, teacher));
        FeatureMap logits = activations.get(activations.size() - 1);
        double[] slope = new double[logits.values.length];
        double sum = 0;
        for (int i = 0; i < slope.length; i++) {
            boolean ofStudent = i < slope.length / 2;
            double target = (i % LOGITS == 0) == ofStudent ? 1 : 0;
            double z = logits.values[i];
            sum += Math.max(z, 0) + StrictMath.log1p(StrictMath.exp(-Math.abs(z))) - target * z;
            slope[i] = (1 / (1 + StrictMath.exp(-z)) - target) / slope.length;
        }
        return backward(sum / slope.length, activations, logits.like(slope), student);
    }

    private Result backward(double loss, List<FeatureMap> activations, FeatureMap atLogits, FeatureMap student) {
        List<Tensor> weights = new ArrayList<>();
        List<Tensor> ofBiases = new ArrayList<>();
        FeatureMap gradient = atLogits;
        for (int i = layers.size() - 1; i >= 0; i--) {
            FeatureMap before = SeparableBlock.behindRelu(gradient, activations.get(i + 1));
            double[] bias = new double[before.channels()];
            for (int j = 0; j < before.values.length; j++) {
                bias[j % bias.length] += before.values[j];
            }
            weights.add(0, layers.get(i).weightGradient(activations.get(i), before));
            ofBiases.add(0, Tensor.of(DType.FLOAT64, bias, bias.length));
            gradient = layers.get(i).inputGradient(before);
        }
        double[] atStudent = new double[student.values.length];
        System.arraycopy(gradient.values, 0, atStudent, 0, atStudent.length);
        FeatureMap logits = activations.get(activations.size() - 1);
        return new Result(
                loss,
                Tensor.of(DType.FLOAT64, logits.values, logits.rows(), LOGITS),
                student.like(atStudent),
                weights,
                ofBiases);
    }

    /** The input, then the output of every layer. */
    private List<FeatureMap> activations(FeatureMap input) {
        List<FeatureMap> activations = new ArrayList<>(List.of(input));
        for (int i = 0; i < layers.size(); i++) {
            double[] values = layers.get(i).forward(activations.get(i)).toDoubles();
            double[] bias = biases.get(i);
            for (int j = 0; j < values.length; j++) {
                values[j] = Math.max(0, values[j] + bias[j % bias.length]);
            }
            activations.add(FeatureMap.wrap(input.rows(), bias.length, 1, 1, values));
        }
        return activations;
    }

    private static FeatureMap stacked(FeatureMap student, FeatureMap teacher) {
        double[] both = new double[2 * student.values.length];
        System.arraycopy(student.values, 0, both, 0, student.values.length);
        System.arraycopy(teacher.values, 0, both, student.values.length, student.values.length);
        return FeatureMap.wrap(2 * student.rows(), student.channels(), 1, 1, both);
    }
}
