package dev.cohort.study.tables;

import dev.cohort.protocol.Batch;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.tensor.Digest;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The labels of the last {@value #STEPS} steps, read from the batches on demand, so memory does not grow with the run.
 */
final class LabelWindow implements AutoCloseable {
    static final int STEPS = 4096;

    private final RecordedLog.Reading batches;
    private final TreeMap<Long, Labelled> known = new TreeMap<>();
    private boolean ended;

    /** The kept parts of a batch. */
    record Labelled(SoftLabels labels, List<Digest> digests) {}

    LabelWindow(RecordedLog log) {
        batches = log.read(Topic.BATCHES, 0);
    }

    /** The labels of a step; empty if its batch is not in the log, or has left the window. */
    Optional<Labelled> of(long step) {
        while (!ended && (known.isEmpty() || known.lastKey() < step)) {
            Optional<RecordedLog.Entry> next = batches.next();
            ended = next.isEmpty();
            if (next.isPresent()
                    && next.get() instanceof RecordedLog.Said record
                    && record.message() instanceof Batch batch) {
                known.putIfAbsent(batch.step(), new Labelled(batch.labels(), batch.digests()));
                if (known.size() > STEPS) {
                    known.pollFirstEntry();
                }
            }
        }
        return Optional.ofNullable(known.get(step));
    }

    @Override
    public void close() {
        batches.close();
    }
}
