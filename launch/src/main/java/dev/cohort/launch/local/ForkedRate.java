package dev.cohort.launch.local;

import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Manifest;
import dev.cohort.runtime.session.RunSchedule;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongToDoubleFunction;

/**
 * Compares the learning rate of a fork with its parent's. The schedule spans the fork's own length, so that a longer fork has
 * another rate at the same step.
 *
 * @param step last shared step
 * @param last rate of that step
 * @param parent rate of the next step in the parent; its last rate if it ends there
 * @param fork rate of the next step in the fork
 * @param schedule of the fork, for people
 */
public record ForkedRate(long step, double last, double parent, double fork, String schedule) {
    private static final double ROUNDING = 1e-9;

    /**
     * @param parent its manifest
     * @param before experiment of the parent
     * @param after experiment of the fork
     * @param at last shared step
     */
    public static ForkedRate of(Manifest parent, Experiment before, Manifest fork, Experiment after, long at) {
        LongToDoubleFunction old = RunSchedule.learningRate(parent, before);
        return new ForkedRate(
                at,
                old.applyAsDouble(at),
                old.applyAsDouble(at + 1),
                RunSchedule.learningRate(fork, after).applyAsDouble(at + 1),
                shape(after) + " over " + fork.steps() + " steps instead of " + shape(before) + " over "
                        + parent.steps());
    }

    private static String shape(Experiment experiment) {
        return experiment.optimizer().schedule().kind().name().toLowerCase(Locale.ROOT);
    }

    /** For people; empty when the rate continues as in the parent. */
    public Optional<String> sentence() {
        if (Math.abs(fork - parent) <= ROUNDING * Math.max(fork, parent)) {
            return Optional.empty();
        }
        return Optional.of(
                "Learning rate: " + number(last) + " at step " + step + ", then " + number(fork) + " instead of "
                        + number(parent) + ": " + schedule
                        + ". Set optimizer.learning_rate or optimizer.schedule.kind if this is not intended.");
    }

    private static String number(double rate) {
        return String.format(Locale.ROOT, "%.3g", rate);
    }
}
