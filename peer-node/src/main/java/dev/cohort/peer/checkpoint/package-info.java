/** Checkpoints of a peer in files that survive crashes and that other tools can read. */
@NullMarked
package dev.cohort.peer.checkpoint;

import org.jspecify.annotations.NullMarked;
