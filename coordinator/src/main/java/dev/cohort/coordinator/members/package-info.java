/**
 * The members of a run: seats, standings, admission, and lag.
 */
@NullMarked
package dev.cohort.coordinator.members;

import org.jspecify.annotations.NullMarked;
