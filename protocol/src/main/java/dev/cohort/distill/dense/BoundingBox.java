package dev.cohort.distill.dense;

/**
 * A box by two corners, in pixels or any other unit.
 *
 * @param left x1
 * @param top y1
 * @param right x2
 * @param bottom y2
 */
public record BoundingBox(double left, double top, double right, double bottom) {
    /** {@code (x2 - x1) (y2 - y1)}. */
    public double area() {
        return (right - left) * (bottom - top);
    }

    /** Area of the common part; 0 where the boxes only touch. */
    public double intersection(BoundingBox other) {
        double width = Math.min(right, other.right) - Math.max(left, other.left);
        double height = Math.min(bottom, other.bottom) - Math.max(top, other.top);
        return width > 0 && height > 0 ? width * height : 0;
    }

    /** Area of the common part by the area that either covers; 0 for two boxes without area. */
    public double intersectionOverUnion(BoundingBox other) {
        double common = intersection(other);
        return common == 0 ? 0 : common / (area() + other.area() - common);
    }
}
