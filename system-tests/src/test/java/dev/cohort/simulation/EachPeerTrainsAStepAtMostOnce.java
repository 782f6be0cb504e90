package dev.cohort.simulation;

/** From its checkpoint on, each start of a peer trains step after step, none twice and none left out. */
final class EachPeerTrainsAStepAtMostOnce implements Invariant {
    private final ShadowPeers shadows;

    EachPeerTrainsAStepAtMostOnce(ShadowPeers shadows) {
        this.shadows = shadows;
    }

    @Override
    public void updated(PeerUpdate update) {
        ShadowPeers.Explanation why = shadows.latest();
        require(
                why.step() > 0 && (why.expectedStep() == 0 || why.step() == why.expectedStep()),
                "{}#{} trains step {} (0 = no batch at all) when step {} comes next",
                update.peer().id(),
                update.peer().incarnation(),
                why.step(),
                why.expectedStep());
    }
}
