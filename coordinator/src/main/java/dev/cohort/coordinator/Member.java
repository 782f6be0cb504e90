package dev.cohort.coordinator;

import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.PeerState;
import dev.cohort.protocol.Standing;

/**
 * One peer as the coordinator sees it.
 *
 * @param slot its seat; for observers the slot whose view they render
 * @param observer never waited for, averaged or counted
 * @param standing what the coordinator makes of it
 * @param sinceMs when it came to that standing
 * @param why for people
 * @param heard what it said of itself
 * @param past what was between it and the others
 */
public record Member(
        PeerId peer, int slot, boolean observer, Standing standing, long sinceMs, String why, Heard heard, Past past) {

    /**
     * What a peer said of itself.
     *
     * @param incarnation latest start heard of, 0 before the first
     * @param lastMs when it was last heard
     * @param doing what it said it does
     * @param freeSinceMs when it last came back from an evaluation
     * @param step last step it said it trained
     */
    record Heard(long incarnation, long lastMs, PeerState doing, long freeSinceMs, long step) {}

    /**
     * What was between a peer and the others.
     *
     * @param rejectedInRow predictions rejected since the last good one
     * @param missed whether it was waited for when it was lost, and has not come back to the head since
     * @param answersUntil when draining, the last step that it is waited for
     * @param goodbye latest start that said goodbye, 0 if none did
     */
    record Past(int rejectedInRow, boolean missed, long answersUntil, long goodbye) {
        static final Past NONE = new Past(0, false, Long.MAX_VALUE, 0);
    }

    static Member expected(PeerId peer, int slot, boolean observer, long nowMs) {
        return new Member(
                peer,
                slot,
                observer,
                Standing.EXPECTED,
                nowMs,
                "named by the experiment",
                new Heard(0, nowMs, PeerState.JOINING, nowMs, 0),
                Past.NONE);
    }

    /** Latest start heard of, 0 before the first. */
    public long incarnation() {
        return heard.incarnation();
    }

    /** What it said it does. */
    public PeerState doing() {
        return heard.doing();
    }

    /** Last step it said it trained. */
    public long step() {
        return heard.step();
    }

    /** Whether it is alive and has neither gone nor been sent away. */
    boolean there() {
        return standing == Standing.LIVE || standing == Standing.LAGGING || standing == Standing.DRAINING;
    }

    /** Whether it is there and may answer {@code step}, now or later. */
    boolean answers(long step) {
        return there() && (standing != Standing.DRAINING || step <= past.answersUntil());
    }

    Member standing(Standing next, long nowMs, String reason) {
        return next == standing ? this : changed(next, nowMs, reason);
    }

    /** Gives the reason anew even if the standing is the same. */
    private Member changed(Standing next, long nowMs, String reason) {
        return new Member(peer, slot, observer, next, nowMs, reason, heard, past(staysMissed(next)));
    }

    private boolean staysMissed(Standing next) {
        return switch (next) {
            case GONE -> past.missed() || standing == Standing.LIVE;
            case LAGGING -> past.missed();
            case EXPECTED, LIVE, DRAINING, SET_ASIDE, LEFT -> false;
        };
    }

    private Past past(boolean missed) {
        return new Past(past.rejectedInRow(), missed, past.answersUntil(), past.goodbye());
    }

    /** It came back as another start of its process: until it has caught up it says nothing of the open step. */
    Member restarted(long nowMs) {
        boolean missed = past.missed() || standing == Standing.LIVE;
        return changed(Standing.LAGGING, nowMs, "start " + incarnation()).with(past(missed));
    }

    /** It leaves, and is waited for up to {@code lastStep}. */
    Member draining(long lastStep, long nowMs, String reason) {
        return standing(Standing.DRAINING, nowMs, reason)
                .with(new Past(past.rejectedInRow(), false, lastStep, past.goodbye()));
    }

    Member goodbye(long ofIncarnation, long nowMs, String reason) {
        return standing(Standing.LEFT, nowMs, reason)
                .with(new Past(
                        past.rejectedInRow(), false, past.answersUntil(), Math.max(past.goodbye(), ofIncarnation)));
    }

    Member heard(long heardIncarnation, PeerState state, long trainedStep, long nowMs) {
        boolean freed = doing() == PeerState.EVALUATING && state != PeerState.EVALUATING;
        return with(new Heard(
                Math.max(incarnation(), heardIncarnation),
                nowMs,
                state,
                freed ? nowMs : heard.freeSinceMs(),
                trainedStep));
    }

    Member rejections(int inRow) {
        return with(new Past(inRow, past.missed(), past.answersUntil(), past.goodbye()));
    }

    private Member with(Heard newer) {
        return new Member(peer, slot, observer, standing, sinceMs, why, newer, past);
    }

    private Member with(Past newer) {
        return new Member(peer, slot, observer, standing, sinceMs, why, heard, newer);
    }
}
