package dev.cohort.study.retrain;

import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.PeerId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * The last start of a peer that published the digest of its weights when it left.
 *
 * @param joining how it joined; empty if that is not in the log
 * @param slot that it was assigned, if any
 * @param result its final figures
 * @param brought whether it started from weights that no earlier start in this run can have saved
 */
record LastStart(PeerId peer, Optional<Joining> joining, Optional<Integer> slot, Left.Result result, boolean brought) {

    /**
     * The last starts of all peers, in the order of their ids.
     *
     * @param members passes the messages about members to its argument, in the order of the log
     */
    static List<LastStart> all(Consumer<Consumer<Message>> members) {
        SortedMap<PeerId, Past> pasts = new TreeMap<>();
        members.accept(message -> take(pasts, message));
        List<LastStart> starts = new ArrayList<>();
        pasts.forEach((peer, past) -> past.left.ifPresent(last -> last.result().ifPresent(result -> {
            Optional<Joining> joining = Optional.ofNullable(past.joinings.get(last.incarnation()));
            starts.add(new LastStart(
                    peer, joining, past.slot, result, joining.isPresent() && past.brought(joining.get())));
        })));
        return starts;
    }

    private static void take(SortedMap<PeerId, Past> pasts, Message message) {
        if (message instanceof Joining joining) {
            // A peer repeats the message until it is admitted, and may have trained meanwhile.
            of(pasts, joining.peer()).joinings.putIfAbsent(joining.incarnation(), joining);
        } else if (message instanceof Admitted answer && !answer.refused()) {
            of(pasts, answer.peer()).slot = Optional.of(answer.slot());
        } else if (message instanceof Left left) {
            of(pasts, left.peer()).left = Optional.of(left);
        }
    }

    private static Past of(SortedMap<PeerId, Past> pasts, PeerId peer) {
        return pasts.computeIfAbsent(peer, p -> new Past());
    }

    /** All starts of a peer. */
    private static final class Past {
        private final SortedMap<Long, Joining> joinings = new TreeMap<>();
        private Optional<Integer> slot = Optional.empty();
        private Optional<Left> left = Optional.empty();

        boolean brought(Joining last) {
            return last.trainedSteps() > 0
                    && joinings.headMap(last.incarnation()).values().stream().noneMatch(j -> j.trainedSteps() == 0);
        }
    }
}
