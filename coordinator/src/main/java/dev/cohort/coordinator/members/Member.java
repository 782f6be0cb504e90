package dev.cohort.coordinator.members;

import dev.cohort.coordinator.follow.Seated;
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
        PeerId peer, int slot, boolean observer, Standing standing, long sinceMs, String why, Heard heard, Past past)
        implements Seated {

    /**
     * What a peer said of itself.
     *
     * @param incarnation latest start heard of, 0 before the first
     * @param lastMs when it was last heard
     * @param doing what it said it does
     * @param freeSinceMs when it last came back from an evaluation
     * @param step last step it said it trained
     */
    public record Heard(long incarnation, long lastMs, PeerState doing, long freeSinceMs, long step) {}

    /**
     * What was between a peer and the others.
     *
     * @param joined latest start that asked for a seat, 0 if none did
     * @param rejectedInRow predictions rejected since the last good one
     * @param missed whether it was waited for when it was lost, and has not come back to the head since
     * @param answersUntil when draining, the last step that it is waited for
     * @param goodbye latest start that said goodbye, 0 if none did
     * @param candidateFrom the start with which it began to wait for its admission, 0 when it may contribute
     * @param losses how often it was lost while it was waited for, without a long steady time in between
     * @param backSinceMs when it last came back
     */
    public record Past(
            long joined,
            int rejectedInRow,
            boolean missed,
            long answersUntil,
            long goodbye,
            long candidateFrom,
            int losses,
            long backSinceMs) {
        static final Past NONE = new Past(0, 0, false, Long.MAX_VALUE, 0, 0, 0, 0);

        private Past joinedAs(long incarnation) {
            return new Past(
                    incarnation, rejectedInRow, missed, answersUntil, goodbye, candidateFrom, losses, backSinceMs);
        }

        private Past rejections(int inRow) {
            return new Past(joined, inRow, missed, answersUntil, goodbye, candidateFrom, losses, backSinceMs);
        }

        private Past missing(boolean isMissed) {
            return new Past(joined, rejectedInRow, isMissed, answersUntil, goodbye, candidateFrom, losses, backSinceMs);
        }

        private Past until(long step) {
            return new Past(joined, rejectedInRow, false, step, goodbye, candidateFrom, losses, backSinceMs);
        }

        private Past goneAs(long incarnation) {
            return new Past(
                    joined,
                    rejectedInRow,
                    false,
                    answersUntil,
                    Math.max(goodbye, incarnation),
                    candidateFrom,
                    losses,
                    backSinceMs);
        }

        private Past candidateFrom(long incarnation) {
            return new Past(joined, rejectedInRow, false, answersUntil, goodbye, incarnation, losses, backSinceMs);
        }

        private Past lost(int times) {
            return new Past(joined, rejectedInRow, true, answersUntil, goodbye, candidateFrom, times, backSinceMs);
        }

        private Past backAt(long nowMs) {
            return new Past(joined, rejectedInRow, missed, answersUntil, goodbye, candidateFrom, losses, nowMs);
        }
    }

    public static Member expected(PeerId peer, int slot, boolean observer, long nowMs) {
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
    public boolean there() {
        return switch (standing) {
            case CANDIDATE, LIVE, LAGGING, DRAINING -> true;
            case EXPECTED, GONE, SET_ASIDE, LEFT -> false;
        };
    }

    /** Whether it waits for its admission. */
    public boolean candidate() {
        return past.candidateFrom() > 0;
    }

    /** Whether a teacher may be made of it. */
    public boolean mayContribute() {
        return !observer && !candidate() && standing != Standing.SET_ASIDE;
    }

    /** Whether it is there and may answer {@code step}, now or later. */
    public boolean answers(long step) {
        return there() && !candidate() && (standing != Standing.DRAINING || step <= past.answersUntil());
    }

    public Member standing(Standing next, long nowMs, String reason) {
        return next == standing ? this : changed(next, nowMs, reason);
    }

    /** Gives the reason anew even if the standing is the same. */
    private Member changed(Standing next, long nowMs, String reason) {
        return new Member(peer, slot, observer, next, nowMs, reason, heard, past.missing(staysMissed(next)));
    }

    private boolean staysMissed(Standing next) {
        return switch (next) {
            case GONE, LAGGING -> past.missed();
            case EXPECTED, CANDIDATE, LIVE, DRAINING, SET_ASIDE, LEFT -> false;
        };
    }

    /** Another reason for the same standing. */
    public Member because(String reason) {
        return new Member(peer, slot, observer, standing, sinceMs, reason, heard, past);
    }

    public Member joinedAs(long incarnation) {
        return with(past.joinedAs(incarnation));
    }

    /**
     * It is there no more, or another start of it is. It counts when it was waited for.
     *
     * @param steadyMs after which what was before is forgotten
     */
    public Member lost(long steadyMs, long nowMs) {
        if (standing != Standing.LIVE) {
            return this;
        }
        boolean steady = nowMs - sinceMs >= steadyMs;
        return with(past.lost(steady ? 1 : past.losses() + 1));
    }

    /** It is alive again, or another start of it is: until it has caught up it says nothing of the open step. */
    public Member back(long nowMs, String reason) {
        return candidate()
                ? changed(Standing.CANDIDATE, nowMs, reason)
                : changed(Standing.LAGGING, nowMs, reason)
                        .with(past.backAt(nowMs).missing(past.missed()));
    }

    /** Its weights are fresh: it waits for its admission. */
    public Member candidate(long nowMs, String reason) {
        return with(past.candidateFrom(incarnation())).changed(Standing.CANDIDATE, nowMs, reason);
    }

    /** It may contribute from now on. */
    public Member admitted(long nowMs, String reason) {
        Member free = with(past.candidateFrom(0));
        return standing == Standing.CANDIDATE ? free.changed(Standing.LIVE, nowMs, reason) : free;
    }

    /** It leaves, and is waited for up to {@code lastStep}. */
    public Member draining(long lastStep, long nowMs, String reason) {
        return standing(Standing.DRAINING, nowMs, reason).until(lastStep);
    }

    private Member until(long lastStep) {
        return with(past.until(lastStep));
    }

    public Member goodbye(long ofIncarnation, long nowMs, String reason) {
        return with(past.goneAs(ofIncarnation)).standing(Standing.LEFT, nowMs, reason);
    }

    public Member heard(long heardIncarnation, PeerState state, long trainedStep, long nowMs) {
        boolean freed = doing() == PeerState.EVALUATING && state != PeerState.EVALUATING;
        return with(new Heard(
                Math.max(incarnation(), heardIncarnation),
                nowMs,
                state,
                freed ? nowMs : heard.freeSinceMs(),
                trainedStep));
    }

    public Member rejections(int inRow) {
        return with(past.rejections(inRow));
    }

    private Member with(Heard newer) {
        return new Member(peer, slot, observer, standing, sinceMs, why, newer, past);
    }

    private Member with(Past newer) {
        return new Member(peer, slot, observer, standing, sinceMs, why, heard, newer);
    }
}
