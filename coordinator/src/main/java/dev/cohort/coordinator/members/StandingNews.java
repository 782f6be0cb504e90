package dev.cohort.coordinator.members;

import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Standing;
import dev.cohort.protocol.StandingChange;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Says in the log what becomes of the members, for people.
 *
 * <p>A coordinator that starts goes through what was, and that is in the log already: so a change is said once it has lasted a
 * moment, and not at all when the log says the same. Where two coordinators see a peer differently each says it once.
 */
public final class StandingNews {
    /** Share of the time after which unanswered things are said again. */
    private static final int MOMENTS = 8;

    private static final int REASON_CHARACTERS_MAX = 200;

    private final long resendMs;
    private final long momentMs;
    private final SortedMap<PeerId, StandingChange> inLog = new TreeMap<>();
    private final SortedMap<PeerId, Sent> sent = new TreeMap<>();
    /** What needs not be said any more. */
    private final SortedMap<PeerId, StandingChange> settled = new TreeMap<>();

    private record Sent(StandingChange change, long atMs) {}

    public StandingNews(long resendMs) {
        this.resendMs = resendMs;
        this.momentMs = resendMs / MOMENTS;
    }

    /** Takes in what the log says, by this coordinator or another one. */
    public void read(StandingChange change) {
        inLog.put(change.peer(), change);
        Optional.ofNullable(sent.get(change.peer()))
                .filter(s -> same(s.change(), change))
                .ifPresent(s -> settled.put(change.peer(), s.change()));
    }

    /** What is to be said now. */
    public List<StandingChange> due(List<Member> members, long openStep, long nowMs) {
        List<StandingChange> due = new ArrayList<>();
        for (Member member : members) {
            StandingChange change = change(member, openStep);
            if (isNews(member, change) && nowMs >= dueMs(member, change)) {
                sent.put(member.peer(), new Sent(change, nowMs));
                due.add(change);
            }
        }
        return due;
    }

    /** When {@link #due} may next have something. */
    public long nextMs(List<Member> members) {
        long next = Long.MAX_VALUE;
        for (Member member : members) {
            StandingChange change = change(member, 1);
            if (isNews(member, change)) {
                next = Math.min(next, dueMs(member, change));
            }
        }
        return next;
    }

    private boolean isNews(Member member, StandingChange change) {
        boolean logged = Optional.ofNullable(inLog.get(member.peer()))
                .filter(l -> same(l, change))
                .isPresent();
        if (logged) {
            settled.put(member.peer(), change);
        }
        // Whom nobody has heard of has no news.
        return member.standing() != Standing.EXPECTED
                && Optional.ofNullable(settled.get(member.peer()))
                        .filter(s -> same(s, change))
                        .isEmpty();
    }

    private long dueMs(Member member, StandingChange change) {
        long again = Optional.ofNullable(sent.get(member.peer()))
                .filter(s -> same(s.change(), change))
                .map(s -> s.atMs() + resendMs)
                .orElse(Long.MIN_VALUE);
        return Math.max(again, member.sinceMs() + momentMs);
    }

    private static StandingChange change(Member member, long openStep) {
        String why = member.why();
        return new StandingChange(
                member.peer(),
                member.incarnation(),
                member.standing(),
                openStep,
                why.substring(0, Math.min(REASON_CHARACTERS_MAX, why.length())));
    }

    /** Whether they say the same, be it at another step. */
    private static boolean same(StandingChange one, StandingChange other) {
        return one.standing() == other.standing()
                && one.incarnation() == other.incarnation()
                && one.why().equals(other.why());
    }
}
