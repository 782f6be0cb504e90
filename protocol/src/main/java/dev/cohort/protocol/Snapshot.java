package dev.cohort.protocol;

import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;

/**
 * The coordinator's trained teacher after {@code step}; used only if its hash equals the log's.
 *
 * @param step last step applied
 * @param state parameters, momentum and statistics by name
 * @param hash digest of the state, as the next outcome names it
 */
public record Snapshot(long step, NamedTensors state, Digest hash) implements Message {}
