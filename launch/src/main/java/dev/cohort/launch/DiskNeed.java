package dev.cohort.launch;

/**
 * About what a run leaves on disk when it goes to its end, all peers there from its beginning, in bytes.
 *
 * @param log of the broker
 * @param checkpoints of all peers
 */
public record DiskNeed(long log, long checkpoints) {
    /** Of both. */
    public long all() {
        return log + checkpoints;
    }
}
