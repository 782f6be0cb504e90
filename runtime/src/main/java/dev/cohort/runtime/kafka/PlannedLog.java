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
 * The log of a run with every partition that its experiment requires: a missing one reads as an unreadable range, and a message
 * on the wrong partition as refused. Collects the unreadable ranges that readers found. Not thread-safe.
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

    /** Unreadable ranges found so far, by topic, partition and offset; at most {@value #KEPT_MAX}. */
    public SortedMap<String, Unreadable> unreadable() {
        return Collections.unmodifiableSortedMap(unreadable);
    }

    /** Whether more were found than {@link #unreadable} holds. */
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
        // Padded, so that the texts sort like numbers.
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

        /** A message on the wrong partition is refused here because the processes of the run did not see it either. */
        private Entry placed(Entry entry) {
            if (!(entry instanceof Said record)) {
                return entry;
            }
            return TopicPlan.misplaced(record.message(), record.partition(), plan.partitions(record.topic()))
                    .<Entry>map(why -> new Refused(
                            record.topic(),
                            record.partition(),
                            record.offset(),
                            record.appendedMs(),
                            new Decoding.Rejected(Reason.BAD_VALUE, record.sender(), why, Optional.empty())))
                    .orElse(entry);
        }

        @Override
        public void close() {
            reading.close();
        }
    }
}
