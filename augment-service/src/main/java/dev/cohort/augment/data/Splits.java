package dev.cohort.augment.data;

import java.util.List;

/**
 * The result of a reader, before images are held out.
 *
 * @param notes notes for the user, such as on skipped files; one line each
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
