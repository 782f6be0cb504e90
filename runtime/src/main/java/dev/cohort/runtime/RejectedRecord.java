package dev.cohort.runtime;

import dev.cohort.protocol.Topic;

/**
 * A record in the log that is not a message of this run.
 *
 * @param reason few fixed words, fit for a metric
 * @param sender who wrote it, as far as that could be read; empty otherwise
 * @param detail what was found and what was expected
 */
public record RejectedRecord(Topic topic, int partition, long offset, String reason, String sender, String detail) {}
