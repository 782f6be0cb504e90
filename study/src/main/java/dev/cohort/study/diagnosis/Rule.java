package dev.cohort.study.diagnosis;

import dev.cohort.protocol.Outcome;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.study.RecordedSteps;

/**
 * Looks at one thing while the log goes by: first {@link #said} for all that was said beside the steps, then {@link #step} for every
 * step in its order. Memory does not grow with the run.
 */
interface Rule {
    /** Takes an entry of a topic that belongs to no step: members, evaluations. */
    default void said(RecordedLog.Said said) {}

    /** Takes how a step ended, whether all that it names is in the log or not. */
    default void outcome(Outcome outcome) {}

    /** Takes a step of which everything is in the log, and that somebody contributed to; after {@link #outcome}. */
    default void step(RecordedSteps.Step step, StepFigures figures) {}

    /** What it makes of what it saw. */
    Opinion opinion();
}
