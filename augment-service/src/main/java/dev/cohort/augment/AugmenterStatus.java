package dev.cohort.augment;

import dev.cohort.protocol.End;
import java.util.Optional;

/**
 * A snapshot of an augmenter.
 *
 * @param planned number of batches of the run
 * @param sent last step sent, by this process or a predecessor
 * @param logged last step up to which every batch is in the log
 * @param resolved last step up to which every step has its outcome
 * @param unseen number of batches sent and not yet seen in the log
 * @param end the end of the run, once it is in the log
 */
public record AugmenterStatus(long planned, long sent, long logged, long resolved, int unseen, Optional<End> end) {}
