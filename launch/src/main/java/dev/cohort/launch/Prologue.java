package dev.cohort.launch;

import dev.cohort.protocol.Manifest;
import dev.cohort.runtime.kafka.RunLog;

/** Records of a log that are written before the processes of the run start, besides the manifest. */
public interface Prologue {
    /**
     * Writes the records. They precede the manifest, so that no process begins with a part of them. After an interruption they
     * are written again, and the first record of a kind counts.
     */
    void write(RunLog log);

    /** The manifest of the run, with a reference to these records. */
    Manifest manifest(Manifest own);
}
