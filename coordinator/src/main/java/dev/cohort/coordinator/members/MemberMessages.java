package dev.cohort.coordinator.members;

import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.Draining;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.StandingChange;
import java.util.Optional;

/** Applies the messages about members: from the members themselves, from operators and from other coordinators. */
public final class MemberMessages {
    private final Members members;
    private final Membership membership;
    private final Lag lag;
    private final StandingNews news;
    private final Divergences divergences;

    public MemberMessages(Members members, Membership membership, Lag lag, StandingNews news, Divergences divergences) {
        this.members = members;
        this.membership = membership;
        this.lag = lag;
        this.news = news;
        this.divergences = divergences;
    }

    /**
     * Applies a message; a message that is not about members changes nothing.
     *
     * @param applied last step whose outcome was applied
     * @return the answer to a peer that requests a seat
     */
    public Optional<Message> take(Message message, long applied, long nowMs) {
        if (message instanceof Heartbeat heartbeat) {
            membership.reported(heartbeat, nowMs);
            lag.reported(heartbeat, applied, nowMs);
        } else if (message instanceof Joining joining) {
            divergences.joined(joining);
            return Optional.of(membership.joining(joining, applied + 1, nowMs));
        } else if (message instanceof Admitted answer) {
            membership.admitted(answer, nowMs);
        } else if (message instanceof StandingChange change) {
            news.read(change);
        } else if (message instanceof Draining draining) {
            membership.draining(draining, nowMs);
        } else if (message instanceof Left left) {
            left(left, nowMs);
        } else if (message instanceof Command command && command.kind() == Command.Kind.DRAIN) {
            command.peer().ifPresent(peer -> membership.drain(peer, command, nowMs));
        }
        return Optional.empty();
    }

    private void left(Left left, long nowMs) {
        membership.left(left, nowMs);
        if (members.find(left.peer()).filter(m -> !m.observer()).isPresent()) {
            divergences.left(left);
        }
    }
}
