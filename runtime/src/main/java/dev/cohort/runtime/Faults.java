package dev.cohort.runtime;

/** Receives the errors after which a process cannot continue. Thread-safe. */
@FunctionalInterface
public interface Faults {
    /**
     * Ends the process; returns at once.
     *
     * @param code exit code of the process
     * @param what one line: what failed, and on what
     * @param cause the error
     */
    void fatal(ExitCode code, String what, Throwable cause);
}
