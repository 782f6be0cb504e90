package dev.cohort.peer;

import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import java.util.List;
import java.util.function.Supplier;

/** Publishes at a fixed interval that a peer is alive and what it is doing. A separate node, driven by its own thread. */
public final class Heartbeats implements Node {
    private final Supplier<PeerStatus> peer;
    private final long everyMs;
    private long nextMs = Long.MIN_VALUE;

    /** @param everyMs interval, which must be well below {@code pace.gone_after_ms} */
    public Heartbeats(Supplier<PeerStatus> peer, long everyMs) {
        this.peer = peer;
        this.everyMs = everyMs;
    }

    @Override
    public List<Message> onMessage(Message message, long nowMs) {
        return List.of();
    }

    @Override
    public List<Message> onCaughtUp(long nowMs) {
        return List.of();
    }

    @Override
    public List<Message> onDeadline(long nowMs) {
        if (nowMs < nextMs) {
            return List.of();
        }
        nextMs = nowMs + everyMs;
        PeerStatus status = peer.get();
        return List.of(
                new Heartbeat(status.peer(), status.incarnation(), status.state(), status.step(), status.figures()));
    }

    @Override
    public long nextDeadlineMs() {
        return nextMs;
    }
}
