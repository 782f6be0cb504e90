package dev.cohort.simulation;

/** Something that goes wrong at a known time. */
sealed interface Fault {
    long atMs();

    /**
     * A process loses all memory and starts again after {@code downMs}.
     *
     * @param damage what happens to a peer's checkpoints meanwhile
     */
    record Crash(long atMs, String process, long downMs, Damage damage) implements Fault {}

    /** What happens to checkpoints. */
    enum Damage {
        NONE,
        /** The newest cannot be read, the one before it can. */
        NEWEST,
        ALL
    }

    /** Every process crashes at once; all come back after {@code downMs}. */
    record Blackout(long atMs, long downMs) implements Fault {}

    /** A process is lost for good. */
    record Kill(long atMs, String process) implements Fault {}

    /** The first coordinator is lost for good; the standby has to lead. */
    record CoordinatorLost(long atMs) implements Fault {}

    /** A process neither reads nor appends. */
    record CutOff(long atMs, String process, long forMs) implements Fault {}

    /** A process stands still without noticing. */
    record Freeze(long atMs, String process, long forMs) implements Fault {}

    /** The next computation of a peer takes that much longer, while its heartbeats continue. */
    record Stall(long atMs, String peer, long forMs) implements Fault {}

    /** What a peer computes is not finite from the next step on, however often it starts again. */
    record Diverge(long atMs, String peer) implements Fault {}

    /** A further coordinator starts and stays; the first is a zombie from then on, or the further one a standby. */
    record SecondCoordinator(long atMs, String name) implements Fault {}

    /** A further augmenter starts and stays beside the first. */
    record SecondAugmenter(long atMs) implements Fault {}

    /** A peer that was taken for dead is started again, from the same disk, while it lives on. */
    record Twin(long atMs, String peer) implements Fault {}

    /** An operator asks a peer to leave. */
    record Drain(long atMs, String peer) implements Fault {}

    /** A drained peer joins again as soon as it has left. */
    record Return(long atMs, String peer) implements Fault {}

    /** An operator ends the run. */
    record Stop(long atMs) implements Fault {}

    /** A forged prediction in a peer's name, for one of the newest batches. */
    record Forgery(long atMs, String peer, Lie lie) implements Fault {}

    /** A forged snapshot of the trained teacher, for the step of the newest one. */
    record FalseSnapshot(long atMs, SnapshotLie lie) implements Fault {}

    /** What is wrong with a snapshot. */
    enum SnapshotLie {
        /** Another state under the hash in the log. */
        OTHER_STATE,
        /** The state in the log under another hash. */
        OTHER_HASH,
        /** Another state under its own hash, as after a proposal that did not win. */
        LOST_PROPOSAL
    }

    /** What is wrong with a forged prediction. */
    enum Lie {
        /** Not detectable: other logits, but finite, of the right shape and with the right digest. */
        OTHER_LOGITS,
        NOT_FINITE,
        WRONG_SHAPE,
        WRONG_DIGEST,
        /** A step far ahead. */
        FAR_STEP,
        /** In the name of an unknown peer. */
        STRANGER,
        /** Anything at all, as {@link dev.cohort.protocol.wire.Nonsense} draws it. */
        NONSENSE
    }
}
