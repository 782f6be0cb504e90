package dev.cohort.simulation;

/** When a step has several outcomes, every peer trains on the first one in the log. */
final class AllPeersSeeTheSameOutcome implements Invariant {
    private final ShadowPeers shadows;

    AllPeersSeeTheSameOutcome(ShadowPeers shadows) {
        this.shadows = shadows;
    }

    @Override
    public void updated(PeerUpdate update) {
        ShadowPeers.Explanation why = shadows.latest();
        require(
                why.outcome().orElse(0) == 0 || update.peer().trainsAlone(),
                "{} trains step {} on outcome number {} of the log: the first one counts",
                update.peer().id(),
                why.step(),
                why.outcome());
    }
}
