package dev.cohort.runtime.kafka;

import dev.cohort.runtime.Meters;
import dev.cohort.runtime.RejectedRecord;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.Comparator;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts rejected records by reason and sender, and logs each kind at most every ten seconds. */
final class Rejections {
    private static final Logger LOG = LoggerFactory.getLogger(Rejections.class);
    private static final long LOG_INTERVAL_NANOS = TimeUnit.SECONDS.toNanos(10);
    /** Senders are not authenticated: a hostile writer can invent any number of them. */
    private static final int KINDS_MAX = 1000;

    private static final int SENDER_CHARS_MAX = 64;
    private static final int DETAIL_CHARS_MAX = 300;

    private final LongSupplier nanoTime;
    private final MeterRegistry registry;
    private final TreeMap<Kind, Tally> tallies =
            new TreeMap<>(Comparator.comparing(Kind::reason).thenComparing(Kind::sender));

    Rejections(LongSupplier nanoTime, MeterRegistry registry) {
        this.nanoTime = nanoTime;
        this.registry = registry;
    }

    /** The key by which rejections are counted. */
    record Kind(String reason, String sender) {}

    private static final class Tally {
        private long count;
        private long loggedNanos;
    }

    synchronized void add(RejectedRecord record) {
        Kind kind = new Kind(record.reason(), printable(record.sender(), SENDER_CHARS_MAX));
        if (!tallies.containsKey(kind) && tallies.size() >= KINDS_MAX) {
            kind = new Kind(record.reason(), "others");
        }
        Tally tally = tallies.computeIfAbsent(kind, ignored -> new Tally());
        tally.count++;
        Counter.builder(Meters.REJECTED.meterName())
                .tag("topic", record.topic().suffix())
                .tag("reason", record.reason())
                .register(registry)
                .increment();
        long now = nanoTime.getAsLong();
        if (tally.count == 1 || now - tally.loggedNanos >= LOG_INTERVAL_NANOS) {
            tally.loggedNanos = now;
            LOG.warn(
                    "record rejected topic={} partition={} offset={} sender={} reason={} count={} detail={}",
                    record.topic().suffix(),
                    record.partition(),
                    record.offset(),
                    kind.sender(),
                    kind.reason(),
                    tally.count,
                    printable(record.detail(), DETAIL_CHARS_MAX));
        }
    }

    /** A copy of the counts. */
    synchronized SortedMap<Kind, Long> counts() {
        TreeMap<Kind, Long> counts = new TreeMap<>(tallies.comparator());
        tallies.forEach((kind, tally) -> counts.put(kind, tally.count));
        return counts;
    }

    /** Replaces control characters: untrusted text must not forge lines of the log. */
    private static String printable(String text, int charsMax) {
        String clean = text.replaceAll("[^\\x20-\\x7e]", "?");
        return clean.length() <= charsMax ? clean : clean.substring(0, charsMax);
    }
}
