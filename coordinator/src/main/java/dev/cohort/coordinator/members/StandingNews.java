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
 * Publishes changes of the members' standings, for operators.
 *
 * <p>A starting coordinator repeats earlier changes, which the log holds already. So a change is published once it has lasted a
 * moment, and not if the log holds the same. Where two coordinators see a peer differently, each publishes its view once.
 */
public final class StandingNews {
    /** Divisor of {@code resendMs}: how long a change must last before it is published. */
    private static final int MOMENTS = 8;

    private static final int REASON_CHARACTERS_MAX = 200;

    private final long resendMs;
    private final long momentMs;
    private final SortedMap<PeerId, StandingChange> inLog = new TreeMap<>();
    private final SortedMap<PeerId, Sent> sent = new TreeMap<>();
    /** Changes that need not be published again. */
    private final SortedMap<PeerId, StandingChange> settled = new TreeMap<>();

    private record Sent(StandingChange change, long atMs) {}

    public StandingNews(long resendMs) {
        this.resendMs = resendMs;
        this.momentMs = resendMs / MOMENTS;
    }

    /** Notes a change that was read, from any coordinator. */
    public void read(StandingChange change) {
        inLog.put(change.peer(), change);
        Optional.ofNullable(sent.get(change.peer()))
                .filter(s -> same(s.change(), change))
                .ifPresent(s -> settled.put(change.peer(), s.change()));
    }

    /**
     * Changes to publish now.
     *
     * @param over whether the run is over, so that there may be no later moment
     */
    public List<StandingChange> due(List<Member> members, long openStep, boolean over, long nowMs) {
        List<StandingChange> due = new ArrayList<>();
        for (Member member : members) {
            StandingChange change = change(member, openStep);
            if (isNews(member, change) && nowMs >= dueMs(member, change, over ? 0 : momentMs)) {
                sent.put(member.peer(), new Sent(change, nowMs));
                due.add(change);
            }
        }
        return due;
    }

    /** When {@link #due} may next return a change. */
    public long nextMs(List<Member> members) {
        long next = Long.MAX_VALUE;
        for (Member member : members) {
            StandingChange change = change(member, 1);
            if (isNews(member, change)) {
                next = Math.min(next, dueMs(member, change, momentMs));
            }
        }
        return next;
    }

    private boolean isNews(Member member, StandingChange change) {
        boolean inLogAlready = Optional.ofNullable(inLog.get(member.peer()))
                .filter(l -> same(l, change))
                .isPresent();
        if (inLogAlready) {
            settled.put(member.peer(), change);
        }
        // A member that never joined has no changes.
        return member.standing() != Standing.EXPECTED
                && Optional.ofNullable(settled.get(member.peer()))
                        .filter(s -> same(s, change))
                        .isEmpty();
    }

    private long dueMs(Member member, StandingChange change, long lastsMs) {
        long again = Optional.ofNullable(sent.get(member.peer()))
                .filter(s -> same(s.change(), change))
                .map(s -> s.atMs() + resendMs)
                .orElse(Long.MIN_VALUE);
        return Math.max(again, member.sinceMs() + lastsMs);
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

    /** Whether two changes are equal but for the step. */
    private static boolean same(StandingChange one, StandingChange other) {
        return one.standing() == other.standing()
                && one.incarnation() == other.incarnation()
                && one.why().equals(other.why());
    }
}
