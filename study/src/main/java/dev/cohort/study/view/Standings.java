package dev.cohort.study.view;

import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Standing;
import dev.cohort.protocol.StandingChange;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** The standing of each peer, since when and why, as the coordinator publishes it. */
public final class Standings {
    private final SortedMap<PeerId, Held> held = new TreeMap<>();

    /**
     * The standing of a peer.
     *
     * @param step that was open when it began
     * @param sinceMs by the broker's clock, Unix milliseconds
     * @param why reason, as text
     */
    public record Held(Standing standing, long incarnation, long step, long sinceMs, String why) {
        private boolean holdsOn(StandingChange change) {
            return standing == change.standing() && incarnation == change.incarnation();
        }

        private Held because(String reason) {
            return new Held(standing, incarnation, step, sinceMs, reason);
        }

        /** Whether the peer is alive, as far as the coordinator knows. */
        boolean present() {
            return switch (standing) {
                case CANDIDATE, LIVE, LAGGING, DRAINING -> true;
                case EXPECTED, GONE, SET_ASIDE, LEFT -> false;
            };
        }

        /** Whether steps wait for the peer. */
        boolean awaited() {
            return switch (standing) {
                case EXPECTED, LIVE, DRAINING -> true;
                case CANDIDATE, LAGGING, GONE, SET_ASIDE, LEFT -> false;
            };
        }
    }

    /** Takes in a change; if only the reason is new, the beginning of the standing is kept. */
    void on(StandingChange change, long loggedMs) {
        held.put(
                change.peer(),
                of(change.peer())
                        .filter(h -> h.holdsOn(change))
                        .map(h -> h.because(change.why()))
                        .orElseGet(() -> new Held(
                                change.standing(), change.incarnation(), change.step(), loggedMs, change.why())));
    }

    /** The standing of a peer; empty before the coordinator has published one. */
    public Optional<Held> of(PeerId peer) {
        return Optional.ofNullable(held.get(peer));
    }
}
