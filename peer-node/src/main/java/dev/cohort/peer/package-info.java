/** A peer: trains a student on the batches of a run and on outcomes computed from all peers' predictions. */
@NullMarked
package dev.cohort.peer;

import org.jspecify.annotations.NullMarked;
