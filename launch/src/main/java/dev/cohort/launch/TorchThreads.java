package dev.cohort.launch;

import java.util.OptionalInt;

/**
 * How many threads each peer computes with: as many as the experiment says, since the bits of its weights depend on it; else no
 * more in all than there are cores, at least one each.
 */
public final class TorchThreads {
    private TorchThreads() {}

    /**
     * @param asked by the experiment; empty leaves it to this
     * @param peers processes that compute at the same time
     */
    public static int perPeer(OptionalInt asked, int peers, int cores) {
        return asked.orElseGet(() -> Math.max(1, cores / Math.max(1, peers)));
    }
}
