package dev.cohort.coordinator;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import dev.cohort.protocol.Snapshot;
import dev.cohort.protocol.StepOffsets;
import java.util.List;

/** Adds to each snapshot the log positions from which to continue; the coordinator itself knows no offsets. */
public final class SnapshotPositions implements Node {
    private final Coordinator coordinator;
    private final StepOffsets offsets;
    private long forgotten;

    /** @param offsets must see each message before the coordinator does */
    public SnapshotPositions(Coordinator coordinator, StepOffsets offsets) {
        this.coordinator = coordinator;
        this.offsets = offsets;
    }

    @Override
    public List<Message> onMessage(Message message, long nowMs) {
        return withPositions(coordinator.onMessage(message, nowMs));
    }

    @Override
    public List<Message> onCaughtUp(long nowMs) {
        return withPositions(coordinator.onCaughtUp(nowMs));
    }

    @Override
    public List<Message> onDeadline(long nowMs) {
        return withPositions(coordinator.onDeadline(nowMs));
    }

    @Override
    public long nextDeadlineMs() {
        return coordinator.nextDeadlineMs();
    }

    private List<Message> withPositions(List<Message> messages) {
        List<Message> out = messages.stream()
                .map(m -> m instanceof Snapshot snapshot ? snapshot.at(offsets.after(snapshot.step())) : m)
                .toList();
        if (coordinator.applied() > forgotten) {
            forgotten = coordinator.applied();
            offsets.forget(forgotten);
        }
        return out;
    }
}
