package dev.cohort.study.diagnosis;

import java.util.ArrayList;
import java.util.List;

/**
 * Figures of consecutive steps, as means over windows of equal length. When there are too many windows, they are joined in
 * pairs, so memory does not grow with the run. One thread.
 */
final class WindowedMeans {
    private static final int WINDOWS_MAX = 64;
    private static final int FIRST_STEPS = 10;

    private final int figures;
    private final List<double[]> sums = new ArrayList<>();
    private int stepsEach = FIRST_STEPS;
    private int stepsInLast;
    private long steps;

    /** @param figures number of figures of each step */
    WindowedMeans(int figures) {
        this.figures = figures;
    }

    void add(double... values) {
        if (stepsInLast == 0) {
            if (sums.size() == WINDOWS_MAX) {
                join();
            }
            sums.add(new double[figures]);
        }
        double[] last = sums.get(sums.size() - 1);
        for (int i = 0; i < figures; i++) {
            last[i] += values[i];
        }
        steps++;
        stepsInLast = (stepsInLast + 1) % stepsEach;
    }

    private void join() {
        List<double[]> joined = new ArrayList<>();
        for (int s = 0; s < sums.size(); s += 2) {
            double[] both = sums.get(s).clone();
            for (int i = 0; i < figures; i++) {
                both[i] += sums.get(s + 1)[i];
            }
            joined.add(both);
        }
        sums.clear();
        sums.addAll(joined);
        stepsEach *= 2;
    }

    long steps() {
        return steps;
    }

    /**
     * Mean of a figure over a part of the run.
     *
     * @param error standard error, from the spread of the windows; 0 for a single window
     */
    record Mean(double mean, double error) {}

    /**
     * Over the complete windows from one share of the run to another, 0..1; an incomplete window counts only if it is the only
     * one.
     */
    Mean mean(int figure, double fromShare, double toShare) {
        int whole = stepsInLast == 0 || sums.size() == 1 ? sums.size() : sums.size() - 1;
        int from = (int) Math.floor(whole * fromShare);
        int to = Math.max(from + 1, (int) Math.ceil(whole * toShare));
        double sum = 0;
        double squares = 0;
        int count = 0;
        for (int s = from; s < Math.min(to, whole); s++) {
            double mean = sums.get(s)[figure] / (whole == 1 && stepsInLast > 0 ? stepsInLast : stepsEach);
            sum += mean;
            squares += mean * mean;
            count++;
        }
        double mean = count == 0 ? 0 : sum / count;
        double variance = count < 2 ? 0 : Math.max(0, (squares - count * mean * mean) / (count - 1));
        return new Mean(mean, count < 2 ? 0 : StrictMath.sqrt(variance / count));
    }
}
