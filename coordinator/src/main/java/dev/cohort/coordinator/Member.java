package dev.cohort.coordinator;

import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.PeerState;

/**
 * One peer as the coordinator sees it.
 *
 * @param slot its seat; for observers the slot whose view they render
 * @param observer never waited for, averaged or counted
 * @param standing what the coordinator makes of it
 * @param sinceMs when it came to that standing
 * @param why for people
 * @param incarnation latest start heard of, 0 before the first
 * @param lastSeenMs when it was last heard
 * @param doing what it said it does
 * @param freeSinceMs when it last came back from an evaluation
 * @param step last step it said it trained
 * @param rejectedInRow predictions rejected since the last good one
 * @param missed whether it was waited for when it was lost, and has not come back to the head since
 */
public record Member(
        PeerId peer,
        int slot,
        boolean observer,
        Standing standing,
        long sinceMs,
        String why,
        long incarnation,
        long lastSeenMs,
        PeerState doing,
        long freeSinceMs,
        long step,
        int rejectedInRow,
        boolean missed) {

    /** What the coordinator makes of a peer. */
    public enum Standing {
        /** Named by the experiment, not heard of yet; waited for. */
        EXPECTED,
        /** Waited for. */
        LIVE,
        /** Alive but late, or new: keeps its seat, not waited for until it speaks of the open step. */
        LAGGING,
        /** Silent for too long; waited for only when lost peers are held. */
        GONE,
        /** Rejected too often; out until an operator lets it back. */
        SET_ASIDE,
        /** Said goodbye. */
        LEFT
    }

    static Member expected(PeerId peer, int slot, boolean observer, long nowMs) {
        return new Member(
                peer,
                slot,
                observer,
                Standing.EXPECTED,
                nowMs,
                "named by the experiment",
                0,
                nowMs,
                PeerState.JOINING,
                nowMs,
                0,
                0,
                false);
    }

    Member standing(Standing next, long nowMs, String reason) {
        return next == standing
                ? this
                : new Member(
                        peer,
                        slot,
                        observer,
                        next,
                        nowMs,
                        reason,
                        incarnation,
                        lastSeenMs,
                        doing,
                        freeSinceMs,
                        step,
                        rejectedInRow,
                        staysMissed(next));
    }

    private boolean staysMissed(Standing next) {
        return switch (next) {
            case GONE -> missed || standing == Standing.LIVE;
            case LAGGING -> missed;
            case EXPECTED, LIVE, SET_ASIDE, LEFT -> false;
        };
    }

    /** It came back as another start of its process: until it has caught up it says nothing of the open step. */
    Member restarted(long nowMs) {
        return new Member(
                peer,
                slot,
                observer,
                Standing.LAGGING,
                nowMs,
                "start " + incarnation,
                incarnation,
                lastSeenMs,
                doing,
                freeSinceMs,
                step,
                rejectedInRow,
                missed || standing == Standing.LIVE);
    }

    Member heard(long heardIncarnation, PeerState state, long trainedStep, long nowMs) {
        return new Member(
                peer,
                slot,
                observer,
                standing,
                sinceMs,
                why,
                Math.max(incarnation, heardIncarnation),
                nowMs,
                state,
                doing == PeerState.EVALUATING && state != PeerState.EVALUATING ? nowMs : freeSinceMs,
                trainedStep,
                rejectedInRow,
                missed);
    }

    Member rejections(int inRow) {
        return new Member(
                peer,
                slot,
                observer,
                standing,
                sinceMs,
                why,
                incarnation,
                lastSeenMs,
                doing,
                freeSinceMs,
                step,
                inRow,
                missed);
    }
}
