package dev.cohort.runtime;

import dev.cohort.protocol.Topic;

/**
 * A record in the log that is not a message of this run.
 *
 * @param reason one of a few fixed words, suitable as a tag of a metric
 * @param sender the writer named by the record; empty if it could not be read
 * @param detail what was found and what was expected
 */
public record RejectedRecord(Topic topic, int partition, long offset, String reason, String sender, String detail) {}
