package dev.cohort.study.diagnosis;

import dev.cohort.protocol.Outcome;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.study.RecordedSteps;

/**
 * Checks one property of a run while its log is read: first {@link #record} takes all records that belong to no step, then {@link
 * #outcome} and {@link #step} take the steps in their order. Memory must not grow with the run.
 */
interface Rule {
    /** Takes a record that belongs to no step, of members and evaluations for example. */
    default void record(RecordedLog.Said record) {}

    /** Takes the outcome of a step, whether the step is complete in the log or not. */
    default void outcome(Outcome outcome) {}

    /** Takes a step that is complete in the log and has contributors; after {@link #outcome}. */
    default void step(RecordedSteps.Step step, StepFigures figures) {}

    /** The opinion after the whole log. */
    Opinion opinion();
}
