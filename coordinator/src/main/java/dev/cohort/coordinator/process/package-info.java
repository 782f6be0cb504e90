/**
 * The coordinator as a process: Kafka, HTTP and snapshots around {@link dev.cohort.coordinator.Coordinator}.
 */
@NullMarked
package dev.cohort.coordinator.process;

import org.jspecify.annotations.NullMarked;
