package dev.cohort.distill.dense;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.Tensor;
import java.util.List;

/**
 * The loss of a peer that learns to detect objects from labels and from other peers. N is the number of locations with an
 * object in the batch, and at least 1: the one denominator.
 *
 * <pre>
 * classes      = sum over all locations and classes of BCE(sigmoid(z), t) / N
 * boxes        = sum over foreground of (1 - GIoU(box, labelled box)) / N
 * divergence   = mean over others j, sum over foreground and classes of T^2 KL(sigmoid(z_j / T) || sigmoid(z / T)) / N
 * distance     = mean over others j, sum over foreground of mean over 4 of |box - box_j| / N
 * overlap      = mean over others j, sum over foreground of (1 - GIoU(box, box_j)) / N
 * loss         = classes + boxes + w_1 divergence + w_2 distance + w_3 overlap
 * dL/dz        = (sigmoid(z) - t + w_1 T [foreground] (sigmoid(z / T) - mean over j of sigmoid(z_j / T))) / N
 * </pre>
 *
 * The divergence is that of two outcomes per class. The others are constant; without any, what they teach is 0. This definition
 * is ours; GIoU is that of {@link GeneralisedIou}.
 *
 * @param loss weighted sum
 * @param classes of the labels
 * @param boxes of the labels
 * @param divergence without weight
 * @param distance without weight
 * @param overlap without weight
 * @param logitsGradient dL/dz [B, L, C]
 * @param boxesGradient dL/d(boxes) [B, L, 4], exactly 0 at background
 */
public record DetectionLoss(
        double loss,
        double classes,
        double boxes,
        double divergence,
        double distance,
        double overlap,
        Tensor logitsGradient,
        Tensor boxesGradient) {
    /**
     * What a peer says of each location.
     *
     * @param logits z [B, L, C], one for each class, without a class of background
     * @param boxes [B, L, 4] as x1, y1, x2, y2
     */
    public record Prediction(Tensor logits, Tensor boxes) {}

    /**
     * How much the others teach.
     *
     * @param temperature T, above 0
     * @param divergence w_1
     * @param distance w_2
     * @param overlap w_3
     */
    public record Weights(double temperature, double divergence, double distance, double overlap) {
        public Weights {
            if (!(temperature > 0)) {
                throw new IllegalArgumentException("temperature " + temperature + ": must be above 0");
            }
        }
    }

    /** The loss of one batch. */
    public static DetectionLoss of(LocationLabels labels, Prediction own, List<Prediction> others, Weights weights) {
        requireShapes(labels, own);
        others.forEach(other -> requireShapes(labels, other));
        Sums sums = new Sums(labels, own);
        double classes = sums.addClasses();
        double boxes = sums.addOverlap(labels.boxes(), 1);
        double divergence = 0;
        double distance = 0;
        double overlap = 0;
        double share = others.isEmpty() ? 0 : 1.0 / others.size();
        for (Prediction other : others) {
            divergence += share
                    * sums.addDivergence(
                            other.logits().toDoubles(), weights.temperature(), share * weights.divergence());
            distance += share * sums.addDistance(other.boxes().toDoubles(), share * weights.distance());
            overlap += share * sums.addOverlap(other.boxes(), share * weights.overlap());
        }
        return new DetectionLoss(
                classes
                        + boxes
                        + weights.divergence() * divergence
                        + weights.distance() * distance
                        + weights.overlap() * overlap,
                classes,
                boxes,
                divergence,
                distance,
                overlap,
                Tensor.of(DType.FLOAT64, sums.atLogits, own.logits().shape().toArray()),
                Tensor.of(DType.FLOAT64, sums.atBoxes, own.boxes().shape().toArray()));
    }

    private static void requireShapes(LocationLabels labels, Prediction prediction) {
        boolean fits = prediction.boxes().shape().equals(labels.boxes().shape())
                && prediction.logits().shape().size() == 3
                && prediction.logits().dimension(0) == labels.boxes().dimension(0)
                && prediction.logits().dimension(1) == labels.boxes().dimension(1)
                && prediction.logits().dimension(2) == labels.classes();
        if (!fits) {
            throw new IllegalArgumentException("detections with logits of shape "
                    + prediction.logits().shape() + " and boxes of shape "
                    + prediction.boxes().shape() + ": must be [B, L, " + labels.classes() + "] and "
                    + labels.boxes().shape());
        }
    }

    /** The gradients so far; each method adds one term with its factor and returns the value without. */
    private static final class Sums {
        private final LocationLabels labels;
        private final Tensor boxes;
        private final double[] logits;
        private final int count;
        private final double[] atLogits;
        private final double[] atBoxes;

        Sums(LocationLabels labels, Prediction own) {
            this.labels = labels;
            boxes = own.boxes();
            logits = own.logits().toDoubles();
            count = Math.max(1, labels.foreground());
            atLogits = new double[logits.length];
            atBoxes = new double[boxes.size()];
        }

        double addClasses() {
            double sum = 0;
            for (int i = 0; i < logits.length; i++) {
                double target = labels.labels().get(i / labels.classes()) == i % labels.classes() ? 1 : 0;
                sum += softplus(logits[i]) - target * logits[i];
                atLogits[i] += (sigmoid(logits[i]) - target) / count;
            }
            return sum / count;
        }

        double addDivergence(double[] other, double temperature, double factor) {
            double sum = 0;
            for (int i = 0; i < logits.length; i++) {
                if (labels.isForeground(i / labels.classes())) {
                    double taught = other[i] / temperature;
                    double own = logits[i] / temperature;
                    double q = sigmoid(taught);
                    sum += q * (softplus(-own) - softplus(-taught))
                            + sigmoid(-taught) * (softplus(own) - softplus(taught));
                    atLogits[i] += factor * temperature * (sigmoid(own) - q) / count;
                }
            }
            return temperature * temperature * sum / count;
        }

        double addDistance(double[] other, double factor) {
            double sum = 0;
            for (int i = 0; i < atBoxes.length; i++) {
                if (labels.isForeground(i / 4)) {
                    double difference = boxes.at(i) - other[i];
                    sum += Math.abs(difference) / 4;
                    atBoxes[i] += factor * Math.signum(difference) / (4 * count);
                }
            }
            return sum / count;
        }

        double addOverlap(Tensor other, double factor) {
            double sum = 0;
            for (int location = 0; location < atBoxes.length / 4; location++) {
                if (labels.isForeground(location)) {
                    GeneralisedIou overlap = new GeneralisedIou(
                            LocationLabels.box(boxes, location), LocationLabels.box(other, location));
                    BoundingBox slope = overlap.gradient();
                    sum += 1 - overlap.value();
                    atBoxes[location * 4] -= factor * slope.left() / count;
                    atBoxes[location * 4 + 1] -= factor * slope.top() / count;
                    atBoxes[location * 4 + 2] -= factor * slope.right() / count;
                    atBoxes[location * 4 + 3] -= factor * slope.bottom() / count;
                }
            }
            return sum / count;
        }

        private static double sigmoid(double x) {
            return x >= 0 ? 1 / (1 + StrictMath.exp(-x)) : StrictMath.exp(x) / (1 + StrictMath.exp(x));
        }

        /** {@code ln(1 + exp(x))}. */
        private static double softplus(double x) {
            return Math.max(x, 0) + StrictMath.log1p(StrictMath.exp(-Math.abs(x)));
        }
    }
}
