package dev.cohort.peer;

import dev.cohort.protocol.Command;
import dev.cohort.protocol.Draining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.PeerId;
import java.util.Optional;

/**
 * Whether a peer leaves before the end of the run, and why: refused, aborted, drained or diverged.
 *
 * <p>A drain names a start of the peer. A later start obeys it too, since a peer that dies while it is drained is started again;
 * but not one that comes after a goodbye, which joined anew. Commands and goodbyes are said on two topics, so which of them came
 * first is known once the peer has read its own admission: every goodbye of an earlier start is before it.
 */
final class Leaving {
    private static final String DRAINED = "drained";

    private final PeerId self;
    private final long incarnation;
    private Optional<String> reason = Optional.empty();
    private Optional<Left.Divergence> divergence = Optional.empty();
    private Optional<Command> drainOfAnEarlierStart = Optional.empty();
    private long lastGoodbye;
    private boolean admitted;
    private boolean said;

    Leaving(PeerId self, long incarnation) {
        this.self = self;
        this.incarnation = incarnation;
    }

    /** Whether it takes up nothing new. */
    boolean begun() {
        return reason.isPresent();
    }

    /** Why it leaves, for its goodbye. */
    Optional<String> reason() {
        return reason;
    }

    /** Whether it evaluates what it has learned before it goes. */
    boolean inOrder() {
        return reason.map(r -> r.startsWith(DRAINED)).orElse(true);
    }

    void refused(String why) {
        reason = Optional.of("refused: " + why);
    }

    /** Its numbers are no longer finite, so it can neither teach nor learn. */
    void diverged(long step, String what) {
        divergence = Optional.of(new Left.Divergence(step, what));
        reason = divergence.map(Left.Divergence::toString);
    }

    /** Where it diverged, if it did. */
    Optional<Left.Divergence> divergence() {
        return divergence;
    }

    /** Somebody asks for something, an operator or the system this process runs on. */
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

    /** A goodbye is in the log; this peer's own earlier ones make void what was asked before them. */
    void goodbye(Left left) {
        if (left.peer().equals(self)) {
            lastGoodbye = Math.max(lastGoodbye, left.incarnation());
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
                    .filter(c -> c.incarnation().getAsLong() > lastGoodbye)
                    .ifPresent(this::obey);
        }
    }

    private void obey(Command command) {
        reason = Optional.of(reason.orElse(DRAINED + ": " + command.reason()));
    }

    /**
     * What everybody should know at once, so that nobody waits in vain.
     *
     * @param lastStep the last step it publishes a prediction for
     */
    Optional<Draining> news(long lastStep) {
        if (said || reason.isEmpty() || !inOrder()) {
            return Optional.empty();
        }
        said = true;
        return Optional.of(new Draining(self, incarnation, lastStep, reason.get()));
    }
}
