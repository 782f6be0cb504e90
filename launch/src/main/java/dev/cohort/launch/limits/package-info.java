/**
 * Asks every limit of the wire and of this machine before a run begins.
 */
@NullMarked
package dev.cohort.launch.limits;

import org.jspecify.annotations.NullMarked;
