package dev.cohort.study;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** When the first message about each step was appended, in the order of the steps. */
final class Moments {
    private long[] steps = new long[64];
    private long[] atMs = new long[64];
    private long[] lives = new long[64];
    private int size;

    /**
     * Notes a step; false if it, or a later one, was noted before.
     *
     * @param life incarnation of the process that published the message
     */
    boolean add(long step, long ms, long life) {
        if (size > 0 && step <= steps[size - 1]) {
            return false;
        }
        if (size == steps.length) {
            steps = Arrays.copyOf(steps, 2 * size);
            atMs = Arrays.copyOf(atMs, 2 * size);
            lives = Arrays.copyOf(lives, 2 * size);
        }
        steps[size] = step;
        atMs[size] = ms;
        lives[size] = life;
        size++;
        return true;
    }

    int size() {
        return size;
    }

    long step(int index) {
        return steps[index];
    }

    /** The first step that was noted after {@code ms}; one more than the last step if there is none. */
    long stepAfter(long ms) {
        for (int i = size; i > 0; i--) {
            if (atMs[i - 1] <= ms) {
                return i == size ? steps[i - 1] + 1 : steps[i];
            }
        }
        return size == 0 ? 1 : steps[0];
    }

    /** Times of the steps in a range whose previous step was noted in the same life. */
    List<Timeline.Took> took(long fromStep, long toStepExclusive) {
        List<Timeline.Took> took = new ArrayList<>();
        for (int i = Math.max(1, index(fromStep)); i < size && steps[i] < toStepExclusive; i++) {
            if (steps[i] == steps[i - 1] + 1 && lives[i] == lives[i - 1]) {
                took.add(new Timeline.Took(steps[i], atMs[i] - atMs[i - 1]));
            }
        }
        return took;
    }

    /** Whether every step of a range was noted, all in the same life. */
    boolean unbroken(long fromStep, long toStep) {
        int first = index(fromStep);
        int last = index(toStep);
        return last < size
                && steps[first] == fromStep
                && steps[last] == toStep
                && last - first == toStep - fromStep
                && lives[first] == lives[last];
    }

    /** The first index whose step is not before {@code step}. */
    private int index(long step) {
        int found = Arrays.binarySearch(steps, 0, size, step);
        return found >= 0 ? found : -found - 1;
    }
}
