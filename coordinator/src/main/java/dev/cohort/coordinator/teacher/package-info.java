/**
 * What a teacher is: predictions and a state in, targets and the next state out.
 */
@NullMarked
package dev.cohort.coordinator.teacher;

import org.jspecify.annotations.NullMarked;
