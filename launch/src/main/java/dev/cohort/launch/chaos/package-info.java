/**
 * Disturbs a run on purpose and checks what a run promises.
 */
@NullMarked
package dev.cohort.launch.chaos;

import org.jspecify.annotations.NullMarked;
