package dev.cohort.simulation;

import dev.cohort.protocol.Command;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import java.util.List;

/** One class a safeguard of the membership: a node that does without it. */
final class MembershipSaboteurs {
    private MembershipSaboteurs() {}

    /** Believes that whoever is let go is meant in every start, the later ones too. */
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
}
