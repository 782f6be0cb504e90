package dev.cohort.peer;

import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import java.util.List;
import java.util.function.Supplier;

/** Says at a steady pace that a peer lives and what it does. A node of its own, driven by a thread of its own. */
public final class Heartbeats implements Node {
    private final Supplier<PeerStatus> peer;
    private final long everyMs;
    private long nextMs = Long.MIN_VALUE;

    /** Speaks every {@code everyMs}, which must be well below {@code pace.gone_after_ms}. */
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
