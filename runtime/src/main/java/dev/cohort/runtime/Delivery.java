package dev.cohort.runtime;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Topic;

/**
 * One message as it stands in the log.
 *
 * @param sender who wrote it, as it says itself
 * @param bytes size of its record
 */
public record Delivery(Message message, String sender, Topic topic, int partition, long offset, int bytes) {}
