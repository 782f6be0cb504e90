package dev.cohort.runtime.kafka;

import java.nio.file.Path;
import java.time.Duration;

/** A Kafka broker for one machine, run as a process of its own. */
@SuppressWarnings("DoNotCallSuggester")
public final class EmbeddedBroker {
    private EmbeddedBroker() {}

    /**
     * The address of the broker whose data is in {@code dataDir}. The first call chooses it and keeps it there, so that a
     * restarted broker is where its clients look for it.
     *
     * @param host address to bind and advertise
     * @param port port to use, 0 to choose a free one
     */
    public static KafkaAddress address(Path dataDir, String host, int port) {
        throw new UnsupportedOperationException();
    }

    /** Serves {@link #address} until the process is asked to end. Runs in a process of its own: a fatal fault ends the process. */
    public static void run(Path dataDir, String host, int port) {
        throw new UnsupportedOperationException();
    }

    /** Waits until a broker answers; false when it did not within {@code limit}. */
    public static boolean awaitReady(KafkaAddress address, Duration limit) {
        throw new UnsupportedOperationException();
    }
}
