/** The log of a run on Kafka: the embedded broker, the topics, appending and following. */
@NullMarked
package dev.cohort.runtime.kafka;

import org.jspecify.annotations.NullMarked;
