package dev.cohort.protocol;

/** A message of a run. {@link Topic#of} gives its topic. */
public sealed interface Message
        permits Manifest,
                Batch,
                End,
                TestImages,
                Prediction,
                Outcome,
                Addressed,
                TensorPiece,
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
