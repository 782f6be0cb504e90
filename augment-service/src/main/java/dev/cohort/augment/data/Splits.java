package dev.cohort.augment.data;

import java.util.List;

/** What a reader found, before anything is held out. */
record Splits(List<String> classNames, ImageSet train, ImageSet test) {}
