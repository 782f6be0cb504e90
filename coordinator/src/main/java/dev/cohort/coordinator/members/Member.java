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
 * @param standing how the coordinator treats it
 * @param sinceMs when the standing began
 * @param why reason for the standing, for operators
 * @param reported what it reported about itself
 * @param past its history in this run
 */
public record Member(
        PeerId peer,
        int slot,
        boolean observer,
        Standing standing,
        long sinceMs,
        String why,
        Reported reported,
        Past past)
        implements Seated {

    /**
     * What a peer reported about itself.
     *
     * @param incarnation latest known start, 0 before the first
     * @param lastMs when its last message was read
     * @param doing reported state
     * @param freeSinceMs when it last came back from an evaluation
     * @param step last step that it reported as trained
     */
    public record Reported(long incarnation, long lastMs, PeerState doing, long freeSinceMs, long step) {}

    /**
     * The history of a peer in a run.
     *
     * @param joined latest start that asked for a seat, 0 if none did
     * @param rejectedInRow predictions rejected since the last valid one
     * @param missed whether it was awaited when it was lost and has not returned to the head since
     * @param answersUntil when draining, the last step for which it is awaited
     * @param goodbye latest start that left, 0 if none did
     * @param candidateFrom the start with which it began to wait for its admission, 0 when it may contribute
     * @param losses how often it was lost while awaited, without a long steady presence in between
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
                new Reported(0, nowMs, PeerState.JOINING, nowMs, 0),
                Past.NONE);
    }

    /** Latest known start, 0 before the first. */
    public long incarnation() {
        return reported.incarnation();
    }

    /** Its reported state. */
    public PeerState doing() {
        return reported.doing();
    }

    /** Last step that it reported as trained. */
    public long step() {
        return reported.step();
    }

    /** Whether it is present: alive, and neither left nor set aside. */
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

    /** Whether a teacher may use its predictions. */
    public boolean mayContribute() {
        return !observer && !candidate() && standing != Standing.SET_ASIDE;
    }

    /** Whether it is present and may publish a prediction for {@code step}, now or later. */
    public boolean answers(long step) {
        return there() && !candidate() && (standing != Standing.DRAINING || step <= past.answersUntil());
    }

    public Member standing(Standing next, long nowMs, String reason) {
        return next == standing ? this : changed(next, nowMs, reason);
    }

    /** Sets the standing and its reason, even if the standing is the same. */
    private Member changed(Standing next, long nowMs, String reason) {
        return new Member(peer, slot, observer, next, nowMs, reason, reported, past.missing(staysMissed(next)));
    }

    private boolean staysMissed(Standing next) {
        return switch (next) {
            case GONE, LAGGING -> past.missed();
            case EXPECTED, CANDIDATE, LIVE, DRAINING, SET_ASIDE, LEFT -> false;
        };
    }

    /** Another reason for the same standing. */
    public Member because(String reason) {
        return new Member(peer, slot, observer, standing, sinceMs, reason, reported, past);
    }

    public Member joinedAs(long incarnation) {
        return with(past.joinedAs(incarnation));
    }

    /**
     * The process of the member was lost or restarted; the loss counts if the member was awaited.
     *
     * @param steadyMs presence after which earlier losses are forgotten
     */
    public Member lost(long steadyMs, long nowMs) {
        if (standing != Standing.LIVE) {
            return this;
        }
        boolean steady = nowMs - sinceMs >= steadyMs;
        return with(past.lost(steady ? 1 : past.losses() + 1));
    }

    /** It is alive again, possibly as another start: it publishes nothing for the open step until it has caught up. */
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

    /** It is leaving, and is awaited up to {@code lastStep}. */
    public Member draining(long lastStep, long nowMs, String reason) {
        return standing(Standing.DRAINING, nowMs, reason).until(lastStep);
    }

    private Member until(long lastStep) {
        return with(past.until(lastStep));
    }

    public Member goodbye(long ofIncarnation, long nowMs, String reason) {
        return with(past.goneAs(ofIncarnation)).standing(Standing.LEFT, nowMs, reason);
    }

    public Member reported(long reportedIncarnation, PeerState state, long trainedStep, long nowMs) {
        boolean freed = doing() == PeerState.EVALUATING && state != PeerState.EVALUATING;
        return with(new Reported(
                Math.max(incarnation(), reportedIncarnation),
                nowMs,
                state,
                freed ? nowMs : reported.freeSinceMs(),
                trainedStep));
    }

    public Member rejections(int inRow) {
        return with(past.rejections(inRow));
    }

    private Member with(Reported newer) {
        return new Member(peer, slot, observer, standing, sinceMs, why, newer, past);
    }

    private Member with(Past newer) {
        return new Member(peer, slot, observer, standing, sinceMs, why, reported, newer);
    }
}
