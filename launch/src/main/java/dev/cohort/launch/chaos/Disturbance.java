package dev.cohort.launch.chaos;

/** One disturbance of a run. */
public sealed interface Disturbance {
    /** Kills a process as {@code kill -9} does. */
    record Kill(String process) implements Disturbance {}

    /** Stops a process for {@code forMs}, as a long garbage collection or a suspended machine does. */
    record Pause(String process, long forMs) implements Disturbance {}

    /** Disconnects a process from the broker for {@code forMs}, as when a cable is pulled. */
    record Part(String process, long forMs) implements Disturbance {}

    /** Cuts the connections of a process to the broker. */
    record Cut(String process) implements Disturbance {}

    /** Writes records to the log that every reader must refuse. */
    record Corrupt() implements Disturbance {}

    /** Writes records of the log a second time. */
    record Duplicate() implements Disturbance {}
}
