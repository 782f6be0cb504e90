package dev.cohort.protocol;

/** A rectangle of pixels, half open: columns x1..x2-1, rows y1..y2-1; may be empty. */
public record Box(int x1, int y1, int x2, int y2) {
    public Box {
        if (x1 < 0 || y1 < 0 || x2 < x1 || y2 < y1) {
            throw new IllegalArgumentException(
                    "box [" + x1 + "," + y1 + "," + x2 + "," + y2 + "): must be 0 <= x1 <= x2, 0 <= y1 <= y2");
        }
        Sayable.atMost(Limits.DEFAULT.imageSideMax(), x2, "right edge of a box");
        Sayable.atMost(Limits.DEFAULT.imageSideMax(), y2, "bottom edge of a box");
    }

    /** Pixels inside. */
    public int area() {
        return (x2 - x1) * (y2 - y1);
    }
}
