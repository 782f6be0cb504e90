package dev.cohort.study.view;

import java.util.ArrayList;
import java.util.List;

/**
 * A figure over steps in bounded memory: when there are too many points, neighbours are averaged and each point stands for twice
 * as many steps.
 */
public final class Curve {
    static final int POINTS_MAX = 600;

    private final List<Point> points = new ArrayList<>();
    private int perPoint = 1;
    private double sumX;
    private double sumY;
    private int open;

    /** Mean step and mean value of the steps a point stands for. */
    public record Point(double x, double y) {}

    /** Adds a value; non-finite values are left out. */
    void add(long x, double y) {
        if (!Double.isFinite(y)) {
            return;
        }
        sumX += x;
        sumY += y;
        open++;
        if (open == perPoint) {
            points.add(takeOpen());
            if (points.size() >= 2 * POINTS_MAX) {
                halve();
            }
        }
    }

    /** Points in the order they were added, the unfinished one included. */
    public List<Point> points() {
        List<Point> all = new ArrayList<>(points);
        if (open > 0) {
            all.add(new Point(sumX / open, sumY / open));
        }
        return List.copyOf(all);
    }

    private Point takeOpen() {
        Point point = new Point(sumX / open, sumY / open);
        sumX = 0;
        sumY = 0;
        open = 0;
        return point;
    }

    private void halve() {
        for (int i = 0; i < points.size() / 2; i++) {
            Point left = points.get(2 * i);
            Point right = points.get(2 * i + 1);
            points.set(i, new Point((left.x() + right.x()) / 2, (left.y() + right.y()) / 2));
        }
        points.subList(points.size() / 2, points.size()).clear();
        perPoint *= 2;
    }
}
