package dev.cohort.distill;

/** A network that a student keeps beside itself and learns from; it says its opinion of every batch that the student sees. */
public sealed interface OwnTeacher {
    /** There is none. */
    record None() implements OwnTeacher {}

    /**
     * The moving average of the student's weights: {@code w' = a w' + (1 - a) w} after each update t = 0, 1, ..., with {@code a
     * = min(1 - 1 / (t + 1), decayMax)} ({@link Schedules#emaDecay}). Only parameters are averaged; batch norm keeps running
     * statistics of its own, in training mode while the student trains.
     *
     * <p>Source: Tarvainen and Valpola, "Mean teachers are better role models" (2017), official code.
     *
     * @param decayMax from 0 to below 1
     */
    record Average(double decayMax) implements OwnTeacher {
        public Average {
            if (!(decayMax >= 0 && decayMax < 1)) {
                throw new IllegalArgumentException(
                        "decay " + decayMax + " of a weight average: must be from 0 to below 1");
            }
        }
    }

    /**
     * The student as it was: a copy of its weights and statistics, taken before step 1 and again after every {@code everySteps}
     * updates; in evaluation mode.
     *
     * <p>Source: the stale predictions of Anil et al., "Large scale distributed neural network training through online
     * distillation" (2018).
     *
     * @param everySteps at least 1
     */
    record Stale(long everySteps) implements OwnTeacher {
        public Stale {
            if (everySteps < 1) {
                throw new IllegalArgumentException("copy every " + everySteps + " steps: must be at least 1");
            }
        }
    }
}
