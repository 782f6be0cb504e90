/**
 * The log of a run folded into a state, without a clock and without output. A leading coordinator, a standby and later readers
 * of the log use the same fold.
 */
@NullMarked
package dev.cohort.coordinator.follow;

import org.jspecify.annotations.NullMarked;
