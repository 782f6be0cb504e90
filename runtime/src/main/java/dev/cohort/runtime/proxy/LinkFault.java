package dev.cohort.runtime.proxy;

/** A fault of a link. Each fault ends by itself, so that it does not outlast the process that caused it. */
public sealed interface LinkFault {
    /** Longest duration of a fault. */
    long FOR_MS_MAX = 3_600_000;

    /**
     * A network partition: nothing passes in either direction, and no connection is closed. Data in transit arrives afterwards.
     */
    record Parted(long forMs) implements LinkFault {
        public Parted {
            requireTime("for_ms", forMs, FOR_MS_MAX);
        }
    }

    /** Everything takes {@code delayMs} longer in each direction. */
    record Slowed(long delayMs, long forMs) implements LinkFault {
        /** With longer delays, Kafka's clients time out, as in a partition. */
        public static final long DELAY_MS_MAX = 5_000;

        public Slowed {
            requireTime("delay_ms", delayMs, DELAY_MS_MAX);
            requireTime("for_ms", forMs, FOR_MS_MAX);
        }
    }

    /** All connections are closed at once; data in transit is lost. New connections are possible. */
    record Cut() implements LinkFault {}

    private static void requireTime(String name, long ms, long maxMs) {
        if (ms < 1 || ms > maxMs) {
            throw new IllegalArgumentException(name + " " + ms + ": must be 1.." + maxMs + " ms");
        }
    }
}
