package dev.cohort.launch;

/**
 * Estimated bytes on disk of a run that goes to its end with all peers present from the first step.
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
