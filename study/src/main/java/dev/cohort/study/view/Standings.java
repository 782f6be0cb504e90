package dev.cohort.study.view;

import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Standing;
import dev.cohort.protocol.StandingChange;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** What the coordinator makes of each peer, since when and why, as it says in the log. */
public final class Standings {
    private final SortedMap<PeerId, Held> held = new TreeMap<>();

    /**
     * A standing that a peer came to.
     *
     * @param step that was open then
     * @param sinceMs by the broker's clock, since 1970
     * @param why for people
     */
    public record Held(Standing standing, long incarnation, long step, long sinceMs, String why) {
        private boolean holdsOn(StandingChange change) {
            return standing == change.standing() && incarnation == change.incarnation();
        }

        private Held because(String reason) {
            return new Held(standing, incarnation, step, sinceMs, reason);
        }

        /** Whether it is alive, as far as the coordinator knows. */
        boolean present() {
            return switch (standing) {
                case CANDIDATE, LIVE, LAGGING, DRAINING -> true;
                case EXPECTED, GONE, SET_ASIDE, LEFT -> false;
            };
        }

        /** Whether steps wait for it. */
        boolean awaited() {
            return switch (standing) {
                case EXPECTED, LIVE, DRAINING -> true;
                case CANDIDATE, LAGGING, GONE, SET_ASIDE, LEFT -> false;
            };
        }
    }

    /** Takes in a change; one that gives but another reason leaves the standing what it was. */
    void on(StandingChange change, long loggedMs) {
        held.put(
                change.peer(),
                of(change.peer())
                        .filter(h -> h.holdsOn(change))
                        .map(h -> h.because(change.why()))
                        .orElseGet(() -> new Held(
                                change.standing(), change.incarnation(), change.step(), loggedMs, change.why())));
    }

    /** The standing of a peer; empty before the coordinator said anything of it. */
    public Optional<Held> of(PeerId peer) {
        return Optional.ofNullable(held.get(peer));
    }
}
