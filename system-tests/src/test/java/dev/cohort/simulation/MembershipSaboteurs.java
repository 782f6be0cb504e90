package dev.cohort.simulation;

import dev.cohort.protocol.Command;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Nodes that lack one safeguard of the membership, a class for each. */
final class MembershipSaboteurs {
    private MembershipSaboteurs() {}

    /** Applies a drain to every start of a peer, later ones included. */
    static final class DrainsEveryStart extends Wrapping {
        DrainsEveryStart(Node inner) {
            super(inner);
        }

        @Override
        public List<Message> onMessage(Message message, long nowMs) {
            boolean drain = message instanceof Command command && command.kind() == Command.Kind.DRAIN;
            return inner.onMessage(drain ? ofEveryStart((Command) message) : message, nowMs);
        }

        private static Command ofEveryStart(Command drain) {
            return new Command(drain.kind(), drain.peer(), drain.reason());
        }
    }

    /** Renews no slot. */
    static final class KeepsSilentAboutNewVoters extends Wrapping {
        KeepsSilentAboutNewVoters(Node inner) {
            super(inner);
        }

        @Override
        public List<Message> onMessage(Message message, long nowMs) {
            return silent(inner.onMessage(message, nowMs));
        }

        @Override
        public List<Message> onDeadline(long nowMs) {
            return silent(inner.onDeadline(nowMs));
        }

        private static List<Message> silent(List<Message> sent) {
            return sent.stream()
                    .map(m -> m instanceof Outcome o
                            ? new Outcome(
                                    o.step(),
                                    o.part(),
                                    o.coordinator(),
                                    o.stateBefore(),
                                    o.contributors(),
                                    o.resolution())
                            : m)
                    .toList();
        }
    }

    /** Evicts the peer in a seat when a newcomer asks for one. */
    static final class EvictsForNewcomers extends Wrapping {
        private final SortedMap<PeerId, Long> seated = new TreeMap<>();

        EvictsForNewcomers(Node inner) {
            super(inner);
        }

        @Override
        public List<Message> onMessage(Message message, long nowMs) {
            List<Message> sent = new ArrayList<>();
            if (message instanceof Joining joining) {
                if (!seated.containsKey(joining.peer())) {
                    seated.forEach((peer, start) ->
                            sent.addAll(inner.onMessage(new Left(peer, start, "evicted", Optional.empty()), nowMs)));
                }
                seated.merge(joining.peer(), joining.incarnation(), Math::max);
            }
            sent.addAll(inner.onMessage(message, nowMs));
            return sent;
        }
    }
}
