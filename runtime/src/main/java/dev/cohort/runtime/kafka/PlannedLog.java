package dev.cohort.runtime.kafka;

import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.Decoding;
import dev.cohort.protocol.wire.Reason;
import dev.cohort.runtime.RecordedLog;
import java.util.Collections;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The log of a run with every partition that its experiment asks for: one that is missing reads as a range that cannot be read, and
 * a message on a partition where it does not belong as refused. It remembers all such ranges that readers came upon. One thread.
 */
public final class PlannedLog implements RawLog {
    private static final int KEPT_MAX = 1_000;

    private final RawLog log;
    private final TopicPlan plan;
    private final SortedMap<String, Unreadable> unreadable = new TreeMap<>();
    private boolean more;

    public PlannedLog(RawLog log, TopicPlan plan) {
        this.log = log;
        this.plan = plan;
    }

    /** Ranges that could not be read so far, by topic, partition and offset; the first {@value #KEPT_MAX}. */
    public SortedMap<String, Unreadable> unreadable() {
        return Collections.unmodifiableSortedMap(unreadable);
    }

    /** Whether there are more than {@link #unreadable} has. */
    public boolean moreUnreadable() {
        return more;
    }

    @Override
    public String runId() {
        return log.runId();
    }

    @Override
    public int partitions(Topic topic) {
        return plan.partitions(topic);
    }

    @Override
    public RawReading raw(Topic topic, int partition) {
        return log.raw(topic, partition);
    }

    @Override
    public Reading read(Topic topic, int partition) {
        return new Remembering(log.read(topic, partition));
    }

    @Override
    public void close() {
        log.close();
    }

    private void remember(Unreadable range) {
        if (unreadable.size() == KEPT_MAX) {
            more = true;
            return;
        }
        // Sorts as numbers do.
        String place =
                String.format(Locale.ROOT, "%s %05d %019d", range.topic().suffix(), range.partition(), range.offset());
        unreadable.putIfAbsent(place, range);
    }

    private final class Remembering implements Reading {
        private final Reading reading;

        Remembering(Reading reading) {
            this.reading = reading;
        }

        @Override
        public Optional<Entry> next() {
            Optional<Entry> entry = reading.next().map(this::placed);
            entry.filter(RecordedLog.Unreadable.class::isInstance)
                    .map(RecordedLog.Unreadable.class::cast)
                    .ifPresent(PlannedLog.this::remember);
            return entry;
        }

        /** A message where nobody looks for it was never said, neither to those who trained nor to those who study. */
        private Entry placed(Entry entry) {
            if (!(entry instanceof Said said)) {
                return entry;
            }
            return TopicPlan.misplaced(said.message(), said.partition(), plan.partitions(said.topic()))
                    .<Entry>map(why -> new Refused(
                            said.topic(),
                            said.partition(),
                            said.offset(),
                            said.appendedMs(),
                            new Decoding.Rejected(Reason.BAD_VALUE, said.sender(), why, Optional.empty())))
                    .orElse(entry);
        }

        @Override
        public void close() {
            reading.close();
        }
    }
}
