package dev.cohort.peer;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.peer.CheckpointStore.Checkpoint;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Positions;
import dev.cohort.protocol.Positions.Place;
import dev.cohort.protocol.Topic;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class BookmarksTest {
    private static final Digest NO_STATE = NamedTensors.none().digest();
    private static final Place OUTCOMES = new Place(Topic.OUTCOMES, 0);

    private final List<Checkpoint> disk = new ArrayList<>();
    private final Bookmarks bookmarks = new Bookmarks(new CheckpointStore() {
        @Override
        public void save(Checkpoint checkpoint) {
            disk.add(checkpoint);
        }

        @Override
        public Optional<Checkpoint> newest() {
            return disk.isEmpty() ? Optional.empty() : Optional.of(disk.get(disk.size() - 1));
        }
    });

    private void outcome(long step, long offset) {
        bookmarks.seen(
                OUTCOMES,
                offset,
                new Outcome(
                        step, 0, "coordinator", NO_STATE, List.of(), new Outcome.Skipped(Outcome.SkipReason.TOO_FEW)));
    }

    private long savedAfter(long step) {
        bookmarks.save(new Checkpoint(step, NamedTensors.none()));
        return disk.get(disk.size() - 1).positions().of(Topic.OUTCOMES, 0).orElseThrow();
    }

    @Test
    void continuesAtTheFirstOutcomeAfterTheCheckpoint() {
        outcome(1, 0);
        outcome(2, 1);
        outcome(2, 2);
        outcome(3, 3);
        outcome(4, 4);
        outcome(3, 5);
        assertThat(savedAfter(2)).isEqualTo(3);
        assertThat(savedAfter(3)).isEqualTo(4);
    }

    @Test
    void continuesAfterAllMessagesWhenNoLaterOneWasSeen() {
        outcome(1, 0);
        outcome(1, 1);
        assertThat(savedAfter(1)).isEqualTo(2);
        outcome(2, 2);
        assertThat(savedAfter(1)).isEqualTo(2);
    }

    @Test
    void keepsRestoredPositionsOfTopicsNotSeenSince() {
        disk.add(new Checkpoint(1, 5, NamedTensors.none(), Positions.parse("batches-0=3 outcomes-0=40")));
        assertThat(bookmarks.newest()).isPresent();
        assertThat(bookmarks.restored().text()).isEqualTo("batches-0=3 outcomes-0=40");
        outcome(6, 41);
        assertThat(savedAfter(6)).isEqualTo(42);
        assertThat(disk.get(1).positions().of(Topic.BATCHES, 0)).hasValue(3);
    }
}
