/**
 * A peer as a process: Kafka, HTTP, rendering ahead and checkpoint files around {@link dev.cohort.peer.Peer}.
 */
@NullMarked
package dev.cohort.peer.process;

import org.jspecify.annotations.NullMarked;
