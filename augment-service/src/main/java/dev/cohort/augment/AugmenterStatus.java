package dev.cohort.augment;

import dev.cohort.protocol.End;
import java.util.Optional;

/**
 * What an augmenter knows, as an immutable value.
 *
 * @param planned batches of the run
 * @param sent last step sent, by this process or one before it
 * @param logged last step up to which every batch was seen in the log
 * @param resolved last step up to which every step has its outcome
 * @param unseen batches sent and not yet seen in the log
 * @param end what the log says of the end, once it does
 */
public record AugmenterStatus(long planned, long sent, long logged, long resolved, int unseen, Optional<End> end) {}
