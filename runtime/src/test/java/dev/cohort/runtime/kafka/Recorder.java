package dev.cohort.runtime.kafka;

import dev.cohort.protocol.Message;
import dev.cohort.runtime.Delivery;
import dev.cohort.runtime.Eventually;
import dev.cohort.runtime.Receiver;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.runtime.RejectedRecord;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** Records deliveries, up to a capacity that can be raised. */
final class Recorder implements Receiver {
    private final List<Delivery> deliveries = new CopyOnWriteArrayList<>();
    private final List<RejectedRecord> rejected = new CopyOnWriteArrayList<>();
    private volatile int capacity;
    private volatile int refusals;
    private volatile int takenWhenCaughtUp = -1;

    Recorder() {
        this(Integer.MAX_VALUE);
    }

    Recorder(int capacity) {
        this.capacity = capacity;
    }

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // One poll thread writes.
    public boolean offer(Delivery delivery) {
        if (deliveries.size() >= capacity) {
            refusals++;
            return false;
        }
        return deliveries.add(delivery);
    }

    @Override
    public void rejected(RejectedRecord record) {
        rejected.add(record);
    }

    @Override
    public void caughtUp() {
        takenWhenCaughtUp = deliveries.size();
    }

    void capacity(int more) {
        capacity = more;
    }

    int refusals() {
        return refusals;
    }

    int takenWhenCaughtUp() {
        return takenWhenCaughtUp;
    }

    List<RejectedRecord> rejected() {
        return rejected;
    }

    List<Delivery> deliveries() {
        return deliveries;
    }

    List<Message> messages() {
        return deliveries.stream().map(Delivery::message).toList();
    }

    /** Waits for {@code count} messages and returns all so far. */
    List<Message> await(int count) {
        Eventually.until(count + " messages", () -> deliveries.size() >= count);
        return messages();
    }

    /** The messages of a whole partition. */
    static List<Message> messages(RecordedLog.Reading reading) {
        List<Message> messages = new ArrayList<>();
        entries(reading).forEach(entry -> messages.add(((RecordedLog.Said) entry).message()));
        return messages;
    }

    /** The deliveries of a partition. */
    static List<RecordedLog.Entry> entries(RecordedLog.Reading reading) {
        List<RecordedLog.Entry> entries = new ArrayList<>();
        try (reading) {
            for (var next = reading.next(); next.isPresent(); next = reading.next()) {
                entries.add(next.get());
            }
        }
        return entries;
    }
}
