package dev.cohort.augment.data;

import java.util.List;

/**
 * What a reader found, before anything is held out.
 *
 * @param notes what whoever starts a run should know of it, such as files that were left out; a line each
 */
record Splits(List<String> classNames, ImageSet train, ImageSet test, List<String> notes) {
    Splits {
        classNames = List.copyOf(classNames);
        notes = List.copyOf(notes);
    }

    Splits(List<String> classNames, ImageSet train, ImageSet test) {
        this(classNames, train, test, List.of());
    }
}
