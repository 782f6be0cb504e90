/**
 * Measures how fast a recorded run is studied.
 */
@NullMarked
package dev.cohort.launch.bench;

import org.jspecify.annotations.NullMarked;
