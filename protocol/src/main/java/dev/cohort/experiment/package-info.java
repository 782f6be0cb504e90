/**
 * One experiment as validated values. Reading and writing YAML is {@code dev.cohort.runtime.config}; the ranges that a single
 * value must keep are checked here, by {@link dev.cohort.experiment.Problems}, so that all mistakes are reported at once.
 */
@NullMarked
package dev.cohort.experiment;

import org.jspecify.annotations.NullMarked;
