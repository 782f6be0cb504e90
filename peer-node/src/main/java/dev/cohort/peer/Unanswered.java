package dev.cohort.peer;

/** Decides when a prediction without an outcome is sent again, and when its feature maps are sent with it. */
final class Unanswered {
    private final long resendMs;
    private long dueMs = Long.MAX_VALUE;
    private long repetitions;

    /** @param resendMs after which it is sent again */
    Unanswered(long resendMs) {
        this.resendMs = resendMs;
    }

    /** A prediction was sent for the first time. */
    void sent(long nowMs) {
        dueMs = nowMs + resendMs;
        repetitions = 0;
    }

    /** There is nothing to send again. */
    void answered() {
        dueMs = Long.MAX_VALUE;
    }

    /** When a repetition is due. */
    long dueMs() {
        return dueMs;
    }

    /** Notes a repetition; the next one is due later. */
    void repeated(long nowMs) {
        dueMs = nowMs + resendMs;
        repetitions++;
    }

    /**
     * Whether feature maps belong to this repetition: to the first, second, fourth and so on. While a step is held for long, more
     * of them would displace others in the log.
     */
    boolean withMaps() {
        return Long.bitCount(repetitions) == 1;
    }
}
