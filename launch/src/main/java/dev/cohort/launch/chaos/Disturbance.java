package dev.cohort.launch.chaos;

/** One thing that is done to a run. */
public sealed interface Disturbance {
    /** Ends a process as {@code kill -9} does. */
    record Kill(String process) implements Disturbance {}

    /** Stops a process for a while, as a long garbage collection or a suspended machine does. */
    record Pause(String process, long forMs) implements Disturbance {}

    /** Nothing passes between a process and the broker for a while, as when a cable is pulled. */
    record Part(String process, long forMs) implements Disturbance {}

    /** Breaks off the connections of a process to the broker. */
    record Cut(String process) implements Disturbance {}

    /** Writes records to the log that no reader may take for messages of the run. */
    record Corrupt() implements Disturbance {}

    /** Writes records to the log that are there already. */
    record Duplicate() implements Disturbance {}
}
