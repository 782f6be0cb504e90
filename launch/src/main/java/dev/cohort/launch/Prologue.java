package dev.cohort.launch;

import dev.cohort.protocol.Manifest;
import dev.cohort.runtime.kafka.RunLog;

/** What stands in the log of a run before its processes start, besides its manifest. */
public interface Prologue {
    /**
     * Writes it. Comes before the manifest, so that nobody begins with a part of it; when it was cut off, it is written again, and the
     * first record of a kind counts.
     */
    void write(RunLog log);

    /** The manifest of the run with what must be said of it. */
    Manifest manifest(Manifest own);
}
