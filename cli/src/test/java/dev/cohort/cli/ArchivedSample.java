package dev.cohort.cli;

import dev.cohort.augment.data.DataCatalog;
import dev.cohort.augment.data.DataException;
import dev.cohort.augment.data.ImageData;
import dev.cohort.launch.RunManifest;
import dev.cohort.launch.bench.SyntheticRun;
import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.MessageCodec;
import dev.cohort.runtime.archive.ArchiveManifest;
import dev.cohort.runtime.archive.ArchiveWriter;
import dev.cohort.runtime.kafka.RawLog;
import dev.cohort.runtime.kafka.RawReading;
import dev.cohort.runtime.kafka.TopicPlan;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** A small run in an archive, which commands read without a broker. No network was trained. */
final class ArchivedSample {
    static final long STEPS = 6;
    /** Of the built-in data. */
    private static final int CLASSES = 10;

    private static final String RUN = "sample";

    private final MessageCodec codec = new MessageCodec(RUN, Limits.DEFAULT);
    private final TopicPlan plan;
    private final Map<String, List<byte[]>> partitions = new TreeMap<>();

    ArchivedSample() {
        SyntheticRun run = new SyntheticRun(new SyntheticRun.Size(STEPS, 3, CLASSES, 2, "mean_logit"));
        plan = TopicPlan.of(run.experiment());
        say(RunManifest.of(run.experiment(), data(run)));
        run.write(messages -> messages.forEach(this::say), step -> {});
    }

    private static ImageData data(SyntheticRun run) {
        try {
            return DataCatalog.open(run.experiment().data());
        } catch (DataException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Appends a message to the log. */
    void say(Message message) {
        Topic topic = Topic.of(message);
        int partition = 0;
        if (message instanceof Prediction prediction) {
            partition = TopicPlan.predictionPartition(prediction.peer(), plan.partitions(topic));
        } else if (message instanceof Addressed part) {
            partition = part.slot();
        }
        records(topic, partition).add(codec.encode(message, "test"));
    }

    private List<byte[]> records(Topic topic, int partition) {
        return partitions.computeIfAbsent(topic.suffix() + "-" + partition, p -> new ArrayList<>());
    }

    /** Writes the archive. */
    Path write(Path file) {
        Map<Topic, Integer> counts = new EnumMap<>(Topic.class);
        for (Topic topic : Topic.values()) {
            counts.put(topic, plan.partitions(topic));
        }
        ArchiveWriter.write(
                file, new Raw(), new ArchiveManifest(RUN, counts, List.of()), new TreeMap<>(), (member, bytes) -> {});
        return file;
    }

    private final class Raw implements RawLog {
        @Override
        public String runId() {
            return RUN;
        }

        @Override
        public int partitions(Topic topic) {
            return plan.partitions(topic);
        }

        @Override
        public RawReading raw(Topic topic, int partition) {
            Iterator<byte[]> values = records(topic, partition).iterator();
            return new RawReading() {
                private long offset;

                @Override
                public boolean advance(Sink sink) {
                    if (!values.hasNext()) {
                        return false;
                    }
                    sink.record(offset, 1_000 + offset, values.next());
                    offset++;
                    return true;
                }

                @Override
                public void close() {}
            };
        }

        @Override
        public Reading read(Topic topic, int partition) {
            throw new UnsupportedOperationException("an archive is made of records as they are");
        }

        @Override
        public void close() {}
    }
}
