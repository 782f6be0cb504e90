package dev.cohort.runtime;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Topic;

/**
 * One message with its place in the log.
 *
 * @param sender the writer named by the record, not authenticated
 * @param appendedMs when the broker appended it, by the broker's clock, in Unix milliseconds
 * @param bytes size of its record
 */
public record Delivery(
        Message message, String sender, Topic topic, int partition, long offset, long appendedMs, int bytes) {}
