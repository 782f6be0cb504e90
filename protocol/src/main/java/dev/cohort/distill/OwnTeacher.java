package dev.cohort.distill;

import dev.cohort.tensor.Hasher;
import java.util.List;

/** A network that a student runs beside itself and learns from, on every batch that the student trains on. */
public sealed interface OwnTeacher {
    /** The student has no teacher of its own. */
    record None() implements OwnTeacher {}

    /**
     * The moving average of the student's weights: {@code w' = a w' + (1 - a) w} after each update t = 0, 1, ..., with {@code a
     * = min(1 - 1 / (t + 1), decayMax)} ({@link Schedules#emaDecay}). Only parameters are averaged; the average's batch norm
     * keeps its own running statistics, in training mode while the student trains.
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
     * An earlier version of the student: a copy of its weights and statistics, taken before step 1 and again after every {@code
     * everySteps} updates; in evaluation mode.
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

    /**
     * Copies of the other students. Each student publishes its weights with its prediction of every {@code everySteps}-th step,
     * beginning with the first, and runs the copies of the others itself, in evaluation mode. The target is the mean of their
     * softmax at {@code temperature}, given as logits: {@code T ln mean_j softmax_T(z_j)}. All students have one architecture.
     *
     * <p>Source: the rarely exchanged checkpoints of Anil et al., "Large scale distributed neural network training through
     * online distillation" (2018).
     *
     * @param everySteps at least 1
     * @param temperature T, above 0
     */
    record Others(long everySteps, double temperature) implements OwnTeacher {
        public Others {
            if (everySteps < 1) {
                throw new IllegalArgumentException("exchange every " + everySteps + " steps: must be at least 1");
            }
            if (!(temperature > 0)) {
                throw new IllegalArgumentException("temperature " + temperature + ": must be above 0");
            }
        }

        /** Whether the prediction of {@code step}, from 1, carries the weights. */
        public boolean exchangesAt(long step) {
            return (step - 1) % everySteps == 0;
        }
    }

    /**
     * The gated ensemble of the student's own branches: the student has {@code count} copies of its high layers on top of shared
     * low layers, and a gate that weighs their logits row by row. The student's own logits are those of its first branch.
     *
     * <p>Source: Lan, Zhu, Gong, "Knowledge Distillation by On-the-fly Native Ensemble", NeurIPS 2018.
     *
     * @param count m, at least 2
     */
    record Branches(int count) implements OwnTeacher {
        public Branches {
            if (count < 2) {
                throw new IllegalArgumentException("branches " + count + ": must be at least 2");
            }
        }
    }

    /**
     * A stored network that is not trained further; in evaluation mode. Its architecture may differ from the student's.
     *
     * @param checkpoints location of each network: the path of a file, or {@link #BUILT_IN} and a name; at least one
     * @param choice which of them teaches
     * @param seed of the draws of {@link Choice#DRAWN}
     */
    record Frozen(List<String> checkpoints, Choice choice, long seed) implements OwnTeacher {
        /** Prefix of the name of a network that comes with Cohort. */
        public static final String BUILT_IN = "builtin:";

        public Frozen {
            checkpoints = List.copyOf(checkpoints);
            if (checkpoints.isEmpty() || (choice == Choice.ONLY && checkpoints.size() > 1)) {
                throw new IllegalArgumentException("stored teachers " + checkpoints + " with choice " + choice
                        + ": must be at least one, and exactly one for " + Choice.ONLY);
            }
        }

        /** For a choice without draws. */
        public Frozen(List<String> checkpoints, Choice choice) {
            this(checkpoints, choice, 0);
        }

        /**
         * The network that teaches at {@code step}, from 0, when one is drawn for every batch: uniform, a function of seed and
         * step alone.
         */
        public int drawn(long step) {
            byte[] digest = new Hasher()
                    .text("teacher of a batch")
                    .number(seed)
                    .number(step)
                    .digest()
                    .toBytes();
            long number = 0;
            for (int i = 0; i < Long.BYTES; i++) {
                number = (number << Byte.SIZE) | (digest[i] & 0xff);
            }
            return (int) Long.remainderUnsigned(number, checkpoints.size());
        }

        /** Which of several stored networks teaches a student. */
        public enum Choice {
            /** The only one. */
            ONLY,
            /** The first one with the student's architecture. */
            OF_ITS_MODEL,
            /** One drawn for every batch ({@link #drawn}). */
            DRAWN
        }
    }
}
