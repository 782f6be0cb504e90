package dev.cohort.coordinator.method;

import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.MapShapes;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;

/**
 * Settings of a teacher for one run.
 *
 * @param slots most contributors ever present
 * @param seats slots of the contributors that the experiment names, 0 to seats - 1; those after them are for newcomers
 * @param featureWidths width D of the pooled features of each slot
 * @param classes C
 * @param seed of trained parameters; those of a slot depend on it and on the slot alone
 * @param optimizer of trained parameters; the learning rate comes with each step
 * @param wire element type to which targets are rounded, once
 * @param validationLabels class of each held-out image
 * @param maps shapes of the feature maps that the method reads; a constructor of a teacher must not look at them, since they are
 *     unknown while it is only asked what it reads
 */
public record TeacherSetting(
        int slots,
        int seats,
        Ints featureWidths,
        int classes,
        long seed,
        Experiment.Optimizer optimizer,
        DType wire,
        Ints validationLabels,
        MapShapes maps) {
    public TeacherSetting {
        if (slots < 1 || featureWidths.size() != slots) {
            throw new IllegalArgumentException(
                    "teacher of " + slots + " slots with " + featureWidths.size() + " feature widths: must be as many");
        }
        if (seats < 0 || seats > slots) {
            throw new IllegalArgumentException(
                    "teacher of " + slots + " slots with " + seats + " seats: at most as many");
        }
        if (featureWidths.stream().anyMatch(width -> width < 1)) {
            throw new IllegalArgumentException("feature widths " + featureWidths + ": must be at least 1");
        }
    }

    /** For a method that reads no feature maps. */
    public TeacherSetting(
            int slots,
            int seats,
            Ints featureWidths,
            int classes,
            long seed,
            Experiment.Optimizer optimizer,
            DType wire,
            Ints validationLabels) {
        this(slots, seats, featureWidths, classes, seed, optimizer, wire, validationLabels, MapShapes.NONE);
    }

    /** Without held-out images. */
    public TeacherSetting(
            int slots,
            int seats,
            Ints featureWidths,
            int classes,
            long seed,
            Experiment.Optimizer optimizer,
            DType wire) {
        this(slots, seats, featureWidths, classes, seed, optimizer, wire, Ints.of());
    }

    /** With a seat for every slot, and without held-out images. */
    public TeacherSetting(
            int slots, Ints featureWidths, int classes, long seed, Experiment.Optimizer optimizer, DType wire) {
        this(slots, slots, featureWidths, classes, seed, optimizer, wire);
    }

    /** With these shapes of feature maps. */
    public TeacherSetting withMaps(MapShapes shapes) {
        return new TeacherSetting(
                slots, seats, featureWidths, classes, seed, optimizer, wire, validationLabels, shapes);
    }
}
