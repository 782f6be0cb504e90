package dev.cohort.distill.dense;

/**
 * Generalised intersection over union of a box with a constant one:
 *
 * <pre>
 * GIoU = inter / (union + e) - (hull - union) / (hull + e)     hull = area of the smallest box around both, e = 1e-7
 * </pre>
 *
 * It is 1 for equal boxes and goes to -1 for boxes far apart. Source: Rezatofighi et al., "Generalized Intersection over Union",
 * CVPR 2019 (arXiv 1902.09630), as torchvision codes it, {@code giou_loss.py}.
 */
public final class GeneralisedIou {
    /** Added to both denominators. */
    public static final double EPSILON = 1e-7;

    private final BoundingBox box;
    private final BoundingBox other;
    private final double inter;
    private final double union;
    private final double hull;

    /**
     * @param box which is taught
     * @param other which is constant
     */
    public GeneralisedIou(BoundingBox box, BoundingBox other) {
        this.box = box;
        this.other = other;
        inter = box.intersection(other);
        union = box.area() + other.area() - inter;
        hull = (Math.max(box.right(), other.right()) - Math.min(box.left(), other.left()))
                * (Math.max(box.bottom(), other.bottom()) - Math.min(box.top(), other.top()));
    }

    /** GIoU. */
    public double value() {
        return inter / (union + EPSILON) - (hull - union) / (hull + EPSILON);
    }

    /** The gradient of {@link #value} with respect to the corners of the box; at equal edges the mean of both sides. */
    public BoundingBox gradient() {
        double width = Math.min(box.right(), other.right()) - Math.max(box.left(), other.left());
        double height = Math.min(box.bottom(), other.bottom()) - Math.max(box.top(), other.top());
        boolean meet = width > 0 && height > 0;
        double hullWidth = Math.max(box.right(), other.right()) - Math.min(box.left(), other.left());
        double hullHeight = Math.max(box.bottom(), other.bottom()) - Math.min(box.top(), other.top());
        double leftInside = share(box.left(), other.left());
        double topInside = share(box.top(), other.top());
        double rightInside = 1 - share(box.right(), other.right());
        double bottomInside = 1 - share(box.bottom(), other.bottom());
        double across = box.bottom() - box.top();
        double along = box.right() - box.left();
        return new BoundingBox(
                slope(meet ? -leftInside * height : 0, -across, -(1 - leftInside) * hullHeight),
                slope(meet ? -topInside * width : 0, -along, -(1 - topInside) * hullWidth),
                slope(meet ? rightInside * height : 0, across, (1 - rightInside) * hullHeight),
                slope(meet ? bottomInside * width : 0, along, (1 - bottomInside) * hullWidth));
    }

    /** How much of max(own, other) is own. */
    private static double share(double own, double other) {
        return own > other ? 1 : own < other ? 0 : 0.5;
    }

    /** The slope of GIoU along one edge, from those of the common area, of the box's area and of the hull's. */
    private double slope(double ofInter, double ofArea, double ofHull) {
        double ofUnion = ofArea - ofInter;
        double inside = union + EPSILON;
        double around = hull + EPSILON;
        return ofInter / inside
                - inter * ofUnion / (inside * inside)
                - (ofHull - ofUnion) / around
                + (hull - union) * ofHull / (around * around);
    }
}
