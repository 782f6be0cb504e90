package dev.cohort.simulation;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Positions.Place;
import dev.cohort.protocol.Snapshot;
import dev.cohort.protocol.Topic;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Coordinators whose snapshots lack one safeguard, a class for each. */
final class SnapshotSaboteurs {
    private SnapshotSaboteurs() {}

    /** Hands every snapshot on as another one. */
    private abstract static class Altering extends Wrapping {
        Altering(Node inner) {
            super(inner);
        }

        abstract Snapshot altered(Snapshot snapshot);

        private List<Message> altered(List<Message> sent) {
            return sent.stream()
                    .map(m -> m instanceof Snapshot snapshot ? altered(snapshot) : m)
                    .toList();
        }

        @Override
        public List<Message> onMessage(Message message, long nowMs) {
            return altered(inner.onMessage(message, nowMs));
        }

        @Override
        public List<Message> onDeadline(long nowMs) {
            return altered(inner.onDeadline(nowMs));
        }
    }

    /** Makes others resume one batch too late. */
    static final class GoesOnTooLate extends Altering {
        GoesOnTooLate(Node inner) {
            super(inner);
        }

        @Override
        Snapshot altered(Snapshot snapshot) {
            SortedMap<Place, Long> offsets = new TreeMap<>(snapshot.positions().offsets());
            // The batch of the step itself is read again; the one after it is the first that is needed.
            offsets.replaceAll((place, offset) -> place.topic() == Topic.BATCHES ? offset + 2 : offset);
            return snapshot.at(new Positions(offsets));
        }
    }
}
