package dev.cohort.protocol;

/** Everything that can be said in a run. {@link Topic#of} tells where it is said. */
public sealed interface Message
        permits Manifest,
                Batch,
                End,
                TestImages,
                Prediction,
                Outcome,
                Addressed,
                Heartbeat,
                Joining,
                Admitted,
                Draining,
                Left,
                Rejection,
                StandingChange,
                Command,
                Evaluation,
                Snapshot {}
