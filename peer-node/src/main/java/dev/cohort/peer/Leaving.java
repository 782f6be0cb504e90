package dev.cohort.peer;

import dev.cohort.protocol.Command;
import dev.cohort.protocol.Draining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.PeerId;
import java.util.Optional;

/**
 * Decides whether a peer leaves before the end of the run, and why: refused, aborted, drained or diverged.
 *
 * <p>A drain names a start of the peer. Later starts obey it too, since a peer that dies while it drains is restarted; but not
 * a start after a {@link Left}, which has joined again. Commands and {@code Left} messages travel on two topics, so their order
 * is known only once the peer has read its own admission, which follows every {@code Left} of an earlier start.
 */
final class Leaving {
    private static final String DRAINED = "drained";

    private final PeerId self;
    private final long incarnation;
    private Optional<String> reason = Optional.empty();
    private Optional<Left.Divergence> divergence = Optional.empty();
    private Optional<Command> drainOfAnEarlierStart = Optional.empty();
    private long lastLeft;
    private boolean admitted;
    private boolean announced;

    Leaving(PeerId self, long incarnation) {
        this.self = self;
        this.incarnation = incarnation;
    }

    /** Whether the peer starts no more work. */
    boolean begun() {
        return reason.isPresent();
    }

    /** Why the peer leaves. */
    Optional<String> reason() {
        return reason;
    }

    /** Whether the peer evaluates its network before it leaves. */
    boolean inOrder() {
        return reason.map(r -> r.startsWith(DRAINED)).orElse(true);
    }

    void refused(String why) {
        reason = Optional.of("refused: " + why);
    }

    /** The student's numbers are no longer finite, so it can neither teach nor learn. */
    void diverged(long step, String what) {
        divergence = Optional.of(new Left.Divergence(step, what));
        reason = divergence.map(Left.Divergence::toString);
    }

    /** Where the student diverged, if it did. */
    Optional<Left.Divergence> divergence() {
        return divergence;
    }

    /** A command arrived, from an operator or from the system that ends this process. */
    void commanded(Command command) {
        switch (command.kind()) {
            case ABORT -> reason = Optional.of("aborted: " + command.reason());
            case DRAIN -> drained(command);
            // The augmenter ends the run.
            case STOP -> {}
        }
    }

    private void drained(Command command) {
        if (!command.peer().equals(Optional.of(self))) {
            return;
        }
        if (command.incarnation().orElse(Long.MAX_VALUE) >= incarnation) {
            obey(command);
        } else if (drainOfAnEarlierStart.isEmpty()
                || command.incarnation().getAsLong()
                        > drainOfAnEarlierStart.get().incarnation().getAsLong()) {
            drainOfAnEarlierStart = Optional.of(command);
            obeyOlder();
        }
    }

    /** A {@code Left} was read; those of this peer's earlier starts cancel the drains before them. */
    void left(Left left) {
        if (left.peer().equals(self)) {
            lastLeft = Math.max(lastLeft, left.incarnation());
        }
    }

    /** This start has read its own admission. */
    void admitted() {
        admitted = true;
        obeyOlder();
    }

    private void obeyOlder() {
        if (admitted) {
            drainOfAnEarlierStart
                    .filter(c -> c.incarnation().getAsLong() > lastLeft)
                    .ifPresent(this::obey);
        }
    }

    private void obey(Command command) {
        reason = Optional.of(reason.orElse(DRAINED + ": " + command.reason()));
    }

    /** The last message of this peer. */
    Left message(Left.Result result) {
        return new Left(self, incarnation, reason.orElse(Left.FINISHED), Optional.of(result), divergence());
    }

    /**
     * The announcement that a drained peer leaves, once, so that no process waits for it in vain.
     *
     * @param lastStep the last step that this peer publishes a prediction for
     */
    Optional<Draining> news(long lastStep) {
        if (announced || reason.isEmpty() || !inOrder()) {
            return Optional.empty();
        }
        announced = true;
        return Optional.of(new Draining(self, incarnation, lastStep, reason.get()));
    }
}
