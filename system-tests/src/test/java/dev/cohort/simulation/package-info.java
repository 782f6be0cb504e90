/**
 * A whole cohort in virtual time: one seed, one thread, one priority queue. The nodes are the ones of production; the log, the
 * clocks and the faults are simulated. Small {@link dev.cohort.simulation.Invariant} classes watch every record and every
 * update; sabotage tests prove that they see.
 */
@NullMarked
package dev.cohort.simulation;

import org.jspecify.annotations.NullMarked;
