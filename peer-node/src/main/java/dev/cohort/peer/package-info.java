/** Learns from the batches of a cohort and from what its other peers say about them. */
@NullMarked
package dev.cohort.peer;

import org.jspecify.annotations.NullMarked;
