package dev.cohort.runtime.proxy;

/** What is wrong with a link. Each one ends by itself, so that nobody has to live long enough to mend it. */
public sealed interface LinkFault {
    /** Longest time for which a fault can be asked. */
    long FOR_MS_MAX = 3_600_000;

    /** Nothing passes in either direction, and nobody is told: what a partition does. What was under way arrives afterwards. */
    record Parted(long forMs) implements LinkFault {
        public Parted {
            requireTime("for_ms", forMs, FOR_MS_MAX);
        }
    }

    /** Everything takes {@code delayMs} longer in each direction. */
    record Slowed(long delayMs, long forMs) implements LinkFault {
        /** Beyond it Kafka's clients give up their requests, which is a partition. */
        public static final long DELAY_MS_MAX = 5_000;

        public Slowed {
            requireTime("delay_ms", delayMs, DELAY_MS_MAX);
            requireTime("for_ms", forMs, FOR_MS_MAX);
        }
    }

    /** Its connections break off at once; what was under way is lost. New ones can be made. */
    record Cut() implements LinkFault {}

    private static void requireTime(String name, long ms, long maxMs) {
        if (ms < 1 || ms > maxMs) {
            throw new IllegalArgumentException(name + " " + ms + ": must be 1.." + maxMs + " ms");
        }
    }
}
