package dev.cohort.runtime;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Timer;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Counts the messages of a node and measures its calls; changes nothing. */
public final class ObservedNode implements Node {
    private final Node node;
    private final MeterRegistry registry;
    private final List<Tag> tags;
    private final Timer messageTimer;
    private final Timer deadlineTimer;

    /** @param name name of the node, a tag of every meter */
    public ObservedNode(String name, Node node, MeterRegistry registry) {
        this.node = node;
        this.registry = registry;
        this.tags = List.of(Tag.of("node", name));
        this.messageTimer = timer("message");
        this.deadlineTimer = timer("deadline");
    }

    @Override
    public List<Message> onMessage(Message message, long nowMs) {
        count(Meters.MESSAGES_IN, message);
        long start = System.nanoTime();
        List<Message> published = node.onMessage(message, nowMs);
        messageTimer.record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
        published.forEach(m -> count(Meters.MESSAGES_OUT, m));
        return published;
    }

    @Override
    public List<Message> onCaughtUp(long nowMs) {
        List<Message> published = node.onCaughtUp(nowMs);
        published.forEach(m -> count(Meters.MESSAGES_OUT, m));
        return published;
    }

    @Override
    public List<Message> onDeadline(long nowMs) {
        long start = System.nanoTime();
        List<Message> published = node.onDeadline(nowMs);
        deadlineTimer.record(System.nanoTime() - start, TimeUnit.NANOSECONDS);
        published.forEach(m -> count(Meters.MESSAGES_OUT, m));
        return published;
    }

    @Override
    public long nextDeadlineMs() {
        return node.nextDeadlineMs();
    }

    private Timer timer(String call) {
        return Timer.builder(Meters.NODE_CALL.meterName())
                .tags(tags)
                .tag("call", call)
                .publishPercentileHistogram()
                .register(registry);
    }

    private void count(Meters meter, Message message) {
        Counter.builder(meter.meterName())
                .tags(tags)
                .tag("type", message.getClass().getSimpleName())
                .register(registry)
                .increment();
    }
}
