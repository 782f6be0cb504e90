package dev.cohort.runtime;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Topic;

/**
 * One message as it stands in the log.
 *
 * @param sender who wrote it, as it says itself
 * @param appendedMs when the broker took it, by the broker's clock, since 1970
 * @param bytes size of its record
 */
public record Delivery(
        Message message, String sender, Topic topic, int partition, long offset, long appendedMs, int bytes) {}
