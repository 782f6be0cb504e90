/**
 * One experiment as validated values. {@code dev.cohort.runtime.config} reads and writes experiments as YAML; problems are
 * collected by {@link dev.cohort.experiment.Problems}, so that all are reported at once.
 */
@NullMarked
package dev.cohort.experiment;

import org.jspecify.annotations.NullMarked;
