package dev.cohort.coordinator.method;

import dev.cohort.experiment.Experiment;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;

/**
 * What a teacher is built for.
 *
 * @param slots most contributors ever present
 * @param featureWidths width D of the pooled features of each slot
 * @param classes C
 * @param seed of trained parameters; those of a slot depend on it and on the slot alone
 * @param optimizer of trained parameters; the learning rate comes with each step
 * @param wire element type to which targets are rounded, once
 */
public record TeacherSetting(
        int slots, Ints featureWidths, int classes, long seed, Experiment.Optimizer optimizer, DType wire) {
    public TeacherSetting {
        if (slots < 1 || featureWidths.size() != slots) {
            throw new IllegalArgumentException(
                    "teacher of " + slots + " slots with " + featureWidths.size() + " feature widths: must be as many");
        }
        if (featureWidths.stream().anyMatch(width -> width < 1)) {
            throw new IllegalArgumentException("feature widths " + featureWidths + ": must be at least 1");
        }
    }
}
