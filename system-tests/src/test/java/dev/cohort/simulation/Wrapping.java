package dev.cohort.simulation;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import java.util.List;

/** A node that delegates everything. */
abstract class Wrapping implements Node {
    final Node inner;

    Wrapping(Node inner) {
        this.inner = inner;
    }

    @Override
    public List<Message> onMessage(Message message, long nowMs) {
        return inner.onMessage(message, nowMs);
    }

    @Override
    public List<Message> onCaughtUp(long nowMs) {
        return inner.onCaughtUp(nowMs);
    }

    @Override
    public List<Message> onDeadline(long nowMs) {
        return inner.onDeadline(nowMs);
    }

    @Override
    public long nextDeadlineMs() {
        return inner.nextDeadlineMs();
    }
}
