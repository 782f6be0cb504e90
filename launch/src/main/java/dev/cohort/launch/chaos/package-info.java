/**
 * Disturbs a run on purpose and checks its promises.
 */
@NullMarked
package dev.cohort.launch.chaos;

import org.jspecify.annotations.NullMarked;
