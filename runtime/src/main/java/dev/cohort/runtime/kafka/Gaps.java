package dev.cohort.runtime.kafka;

/** Where gaps between the offsets of a partition are normal, because the broker deletes records. */
enum Gaps {
    /** Every missing record is a loss. */
    NOWHERE,
    /** The oldest records are deleted. */
    AT_THE_BEGINNING,
    /** Older records of a key are deleted. */
    ANYWHERE
}
