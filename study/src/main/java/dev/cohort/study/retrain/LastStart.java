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
 * The last start of a peer that said goodbye with weights, as the log of its run tells of it.
 *
 * @param joining how it came; empty when the log does not have it
 * @param slot that it was given, if it was
 * @param result what it reached
 * @param brought whether it went on from weights that no earlier start of it in this run can have kept
 */
record LastStart(PeerId peer, Optional<Joining> joining, Optional<Integer> slot, Left.Result result, boolean brought) {

    /**
     * Those of all peers, in the order of their ids.
     *
     * @param members hands on what was said of members, in the order of the log
     */
    static List<LastStart> all(Consumer<Consumer<Message>> members) {
        SortedMap<PeerId, Past> pasts = new TreeMap<>();
        members.accept(message -> take(pasts, message));
        List<LastStart> starts = new ArrayList<>();
        pasts.forEach((peer, past) ->
                past.goodbye.ifPresent(left -> left.result().ifPresent(result -> {
                    Optional<Joining> joining = Optional.ofNullable(past.joinings.get(left.incarnation()));
                    starts.add(new LastStart(
                            peer, joining, past.slot, result, joining.isPresent() && past.brought(joining.get())));
                })));
        return starts;
    }

    private static void take(SortedMap<PeerId, Past> pasts, Message message) {
        if (message instanceof Joining joining) {
            // It asks until it is answered, and may have trained meanwhile.
            of(pasts, joining.peer()).joinings.putIfAbsent(joining.incarnation(), joining);
        } else if (message instanceof Admitted answer && !answer.refused()) {
            of(pasts, answer.peer()).slot = Optional.of(answer.slot());
        } else if (message instanceof Left left) {
            of(pasts, left.peer()).goodbye = Optional.of(left);
        }
    }

    private static Past of(SortedMap<PeerId, Past> pasts, PeerId peer) {
        return pasts.computeIfAbsent(peer, p -> new Past());
    }

    /** All starts of a peer. */
    private static final class Past {
        private final SortedMap<Long, Joining> joinings = new TreeMap<>();
        private Optional<Integer> slot = Optional.empty();
        private Optional<Left> goodbye = Optional.empty();

        boolean brought(Joining last) {
            return last.trainedSteps() > 0
                    && joinings.headMap(last.incarnation()).values().stream().noneMatch(j -> j.trainedSteps() == 0);
        }
    }
}
