package dev.cohort.coordinator;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import dev.cohort.protocol.Snapshot;
import dev.cohort.protocol.StepOffsets;
import java.util.List;

/** Says in each snapshot where the log goes on after it: a coordinator itself knows no offsets. */
public final class SnapshotPositions implements Node {
    private final Coordinator coordinator;
    private final StepOffsets offsets;
    private long forgotten;

    /** @param offsets told of what is read before the coordinator is */
    public SnapshotPositions(Coordinator coordinator, StepOffsets offsets) {
        this.coordinator = coordinator;
        this.offsets = offsets;
    }

    @Override
    public List<Message> onMessage(Message message, long nowMs) {
        return said(coordinator.onMessage(message, nowMs));
    }

    @Override
    public List<Message> onCaughtUp(long nowMs) {
        return said(coordinator.onCaughtUp(nowMs));
    }

    @Override
    public List<Message> onDeadline(long nowMs) {
        return said(coordinator.onDeadline(nowMs));
    }

    @Override
    public long nextDeadlineMs() {
        return coordinator.nextDeadlineMs();
    }

    private List<Message> said(List<Message> messages) {
        List<Message> said = messages.stream()
                .map(m -> m instanceof Snapshot snapshot ? snapshot.at(offsets.after(snapshot.step())) : m)
                .toList();
        if (coordinator.applied() > forgotten) {
            forgotten = coordinator.applied();
            offsets.forget(forgotten);
        }
        return said;
    }
}
