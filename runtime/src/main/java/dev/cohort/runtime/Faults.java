package dev.cohort.runtime;

/** Where a process reports what it cannot go on after. Any thread may call it. */
@FunctionalInterface
public interface Faults {
    /**
     * Ends the process; returns at once.
     *
     * @param code what the process exits with
     * @param what one line: what could not be done, to which thing
     * @param cause where it happened
     */
    void fatal(ExitCode code, String what, Throwable cause);
}
