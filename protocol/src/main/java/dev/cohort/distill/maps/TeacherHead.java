package dev.cohort.distill.maps;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.Tensor;

/**
 * The last layer of a teacher, {@code z = f W^T + b}, with which it also judges the pooled feature of its student (softmax
 * regression): {@code loss = mean over B, C of (f_s W^T + b - z_t)^2}, {@code dL/df = 2/(BC) (f_s W^T + b - z_t) W}. The head is
 * constant.
 *
 * <p>Source: Yang et al., "Knowledge Distillation via Softmax Regression Representation Learning", ICLR 2021, in the form of
 * wyzelabs-inc/AdaptiveDistillation, {@code softmax_regression.py}.
 */
public final class TeacherHead {
    private final int classes;
    private final int width;
    private final double[] weight;
    private final double[] bias;

    /**
     * @param weight W [C, D]
     * @param bias b [C]
     */
    public TeacherHead(Tensor weight, Tensor bias) {
        boolean fits = weight.shape().size() == 2
                && bias.shape().size() == 1
                && bias.dimension(0) == weight.dimension(0)
                && weight.size() > 0;
        if (!fits) {
            throw new IllegalArgumentException("teacher's head of weight " + weight.shape() + " and bias "
                    + bias.shape() + ": must be [C, D] and [C], none of them 0");
        }
        classes = weight.dimension(0);
        width = weight.dimension(1);
        this.weight = weight.toDoubles();
        this.bias = bias.toDoubles();
    }

    /** C. */
    public int classes() {
        return classes;
    }

    /**
     * Logits [B, C] of a feature.
     *
     * @param map [B, D, H, W]; the feature is its mean over all positions
     */
    public Tensor logits(FeatureMap map) {
        return Tensor.of(DType.FLOAT64, judged(AveragePooling.pool(map)), map.rows(), classes);
    }

    /**
     * The loss of a student, with the gradient at its map.
     *
     * @param student [B, D, H, W]; the feature is its mean over all positions
     * @param teacherLogits z_t [B, C]
     */
    public MapLoss loss(FeatureMap student, Tensor teacherLogits) {
        FeatureMap feature = AveragePooling.pool(student);
        double[] cross = judged(feature);
        if (teacherLogits.shape().size() != 2
                || teacherLogits.dimension(0) != student.rows()
                || teacherLogits.dimension(1) != classes) {
            throw new IllegalArgumentException("teacher's logits of shape " + teacherLogits.shape() + ": must be ["
                    + student.rows() + ", " + classes + "]");
        }
        FeatureMap logits = FeatureMap.wrap(student.rows(), classes, 1, 1, cross);
        MapLoss error = SquaredError.ofMaps(logits, FeatureMap.of(teacherLogits));
        double[] gradient = new double[feature.values.length];
        MatrixProduct.add(error.gradient().values, 0, weight, 0, gradient, 0, student.rows(), classes, width, 1);
        return new MapLoss(
                error.loss(), AveragePooling.gradient(feature.like(gradient), student.height(), student.width()));
    }

    private double[] judged(FeatureMap feature) {
        if (feature.channels() != width) {
            throw new IllegalArgumentException("feature of width " + feature.channels() + ": must be " + width
                    + ", the width of the teacher's head, or pass through an adapter first");
        }
        double[] logits = MatrixProduct.withTransposed(feature.values, 0, weight, 0, feature.rows(), width, classes);
        for (int i = 0; i < logits.length; i++) {
            logits[i] += bias[i % classes];
        }
        return logits;
    }
}
