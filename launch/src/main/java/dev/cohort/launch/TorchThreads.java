package dev.cohort.launch;

import java.util.OptionalInt;

/**
 * Number of torch threads per peer: the experiment's setting, since the bits of the weights depend on it; otherwise the cores
 * divided by the peers, at least one.
 */
public final class TorchThreads {
    private TorchThreads() {}

    /**
     * @param asked setting of the experiment; empty divides the cores
     * @param peers processes that compute at the same time
     */
    public static int perPeer(OptionalInt asked, int peers, int cores) {
        return asked.orElseGet(() -> Math.max(1, cores / Math.max(1, peers)));
    }
}
