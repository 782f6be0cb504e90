/**
 * What the log says of a run, folded into a state: no clock, nothing is published. The same for a coordinator that leads, one that
 * stands by, and whoever reads the log afterwards.
 */
@NullMarked
package dev.cohort.coordinator.follow;

import org.jspecify.annotations.NullMarked;
