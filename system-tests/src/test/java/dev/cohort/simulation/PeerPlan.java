package dev.cohort.simulation;

import dev.cohort.protocol.PeerId;
import java.util.Optional;

/**
 * One peer of a scenario.
 *
 * @param role how it comes to the run
 * @param startsAtMs when its process starts first
 * @param seed of its initial weights
 * @param computeMs how long a forward pass or an update takes
 * @param lies what is wrong with everything it publishes, if anything: a peer with a broken renderer or network
 */
record PeerPlan(PeerId id, Role role, long startsAtMs, long seed, long computeMs, Optional<Fault.Lie> lies) {
    /** How a peer comes to a run. */
    enum Role {
        /** Has a seat from the beginning. */
        NAMED,
        /** Trains on the labels alone. */
        CONTROL,
        /** Joins later, and trains through the log. */
        NEWCOMER,
        /** Joins later, at the step that is open then. */
        HEAD_NEWCOMER
    }

    boolean observer() {
        return role == Role.CONTROL;
    }

    boolean named() {
        return role == Role.NAMED || role == Role.CONTROL;
    }
}
