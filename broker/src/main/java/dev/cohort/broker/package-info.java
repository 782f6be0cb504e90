/**
 * Kafka's broker in a separate process, for runs on one machine. Only this module has Kafka's server on its class path.
 */
@NullMarked
package dev.cohort.broker;

import org.jspecify.annotations.NullMarked;
