/**
 * Who takes part in a run and who is waited for: seats, standings, admission, lag.
 */
@NullMarked
package dev.cohort.coordinator.members;

import org.jspecify.annotations.NullMarked;
