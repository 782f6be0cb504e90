package dev.cohort.simulation;

/** The clock of one process: skewed against the others, a little fast or slow, and at rest while the broker is out of reach. */
final class SimulatedClock {
    private final long perMille;
    private long baseLocalMs;
    private long baseVirtualMs;
    private boolean running = true;

    /**
     * @param skewMs what it shows at virtual time 0
     * @param perMille local milliseconds in 1000 virtual ones
     */
    SimulatedClock(long skewMs, long perMille) {
        baseLocalMs = skewMs;
        this.perMille = perMille;
    }

    long localMs(long virtualMs) {
        return running ? baseLocalMs + (virtualMs - baseVirtualMs) * perMille / 1000 : baseLocalMs;
    }

    /** The first virtual time at which it shows {@code localMs} or later, if it keeps running. */
    long virtualMs(long localMs) {
        long wait = Math.max(0, localMs - baseLocalMs);
        return baseVirtualMs + (wait * 1000 + perMille - 1) / perMille;
    }

    void stop(long virtualMs) {
        baseLocalMs = localMs(virtualMs);
        running = false;
    }

    void resume(long virtualMs) {
        baseVirtualMs = virtualMs;
        running = true;
    }

    boolean running() {
        return running;
    }
}
