package dev.cohort.simulation;

/**
 * Each update is the one the log asks for: gradients of the outcome's targets, with those parts that are meant for this very
 * forward pass if and only if the outcome names what it published; observers: of the labels alone.
 */
final class EveryUpdateFollowsFromTheLog implements Invariant {
    private final ShadowPeers shadows;

    EveryUpdateFollowsFromTheLog(ShadowPeers shadows) {
        this.shadows = shadows;
    }

    @Override
    public void updated(PeerUpdate update) {
        ShadowPeers.Explanation why = shadows.latest();
        boolean explained =
                update.peer().trainsAlone() ? why.alone() : why.outcome().isPresent();
        require(
                explained,
                "the gradient of {}#{} at step {} is none that the log explains",
                update.peer().id(),
                update.peer().incarnation(),
                why.step());
        require(
                why.sameWeights(),
                "{}#{} has other weights after step {} than the log gives",
                update.peer().id(),
                update.peer().incarnation(),
                why.step());
    }
}
