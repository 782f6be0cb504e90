package dev.cohort.runtime.kafka;

/** Where following begins. */
public enum From {
    /** The oldest record that is kept. */
    BEGINNING,
    /** Behind the newest record. */
    END
}
