/**
 * Reads experiment files into {@link dev.cohort.experiment.Experiment} and writes them. YAML is parsed into a tree of texts, and
 * every value is read by a line of code with its key, type and range; no reflection turns a file into objects.
 */
@NullMarked
package dev.cohort.runtime.config;

import org.jspecify.annotations.NullMarked;
