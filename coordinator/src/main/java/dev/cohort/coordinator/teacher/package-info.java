/**
 * Teachers: functions from predictions and a state to targets and the next state.
 */
@NullMarked
package dev.cohort.coordinator.teacher;

import org.jspecify.annotations.NullMarked;
