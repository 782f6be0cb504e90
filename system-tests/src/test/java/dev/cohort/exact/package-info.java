/**
 * Distributed = single process: what peers and a coordinator train through codec and Kafka is what one process would train that
 * builds the loss of all of them as one autograd graph.
 */
@NullMarked
package dev.cohort.exact;

import org.jspecify.annotations.NullMarked;
