/**
 * Experiment files to {@link dev.cohort.experiment.Experiment} and back. YAML is read as a tree of texts, and every value by a
 * line of code that knows its key, its type and its range; no reflection turns a file into objects.
 */
@NullMarked
package dev.cohort.runtime.config;

import org.jspecify.annotations.NullMarked;
