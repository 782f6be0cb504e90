package dev.cohort.exact;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.Term;
import java.util.List;
import java.util.stream.Stream;

/** Changes the terms of every outcome that a peer reads, as if the peer forgot a part of its objective. */
final class Tampering implements Node {
    private final Node peer;
    private final Sabotage sabotage;

    /** What is lost. */
    enum Sabotage {
        GRADIENT_OF_THE_LOGITS,
        GRADIENT_OF_THE_FEATURES,
        ALL_LEAF_GRADIENTS,
        OWN_VOTE_STAYS_IN
    }

    Tampering(Node peer, Sabotage sabotage) {
        this.peer = peer;
        this.sabotage = sabotage;
    }

    @Override
    public List<Message> onMessage(Message message, long nowMs) {
        if (message instanceof Outcome outcome && outcome.resolution() instanceof Outcome.Targets targets) {
            Outcome changed = new Outcome(
                    outcome.step(),
                    outcome.part(),
                    outcome.coordinator(),
                    outcome.stateBefore(),
                    outcome.contributors(),
                    outcome.renewed(),
                    tampered(targets));
            return peer.onMessage(changed, nowMs);
        }
        return peer.onMessage(message, nowMs);
    }

    private Outcome.Targets tampered(Outcome.Targets targets) {
        boolean dropsAddressed =
                sabotage == Sabotage.GRADIENT_OF_THE_FEATURES || sabotage == Sabotage.ALL_LEAF_GRADIENTS;
        return new Outcome.Targets(
                targets.labelWeight(),
                targets.terms().stream().flatMap(this::tampered).toList(),
                dropsAddressed ? List.of() : targets.addressed(),
                targets.exact());
    }

    private Stream<Term> tampered(Term term) {
        return switch (sabotage) {
            case GRADIENT_OF_THE_FEATURES -> Stream.of(term);
            case GRADIENT_OF_THE_LOGITS, ALL_LEAF_GRADIENTS ->
                term instanceof Term.GatedCrossEntropy ? Stream.of() : Stream.of(term);
            case OWN_VOTE_STAYS_IN -> Stream.of(term instanceof Term.SoftTarget soft ? withOwnVote(soft) : term);
        };
    }

    private static Term withOwnVote(Term.SoftTarget soft) {
        return new Term.SoftTarget(
                soft.name(), soft.values(), soft.space(), Term.Vote.INCLUDED, soft.weight(), soft.temperature());
    }

    @Override
    public List<Message> onCaughtUp(long nowMs) {
        return peer.onCaughtUp(nowMs);
    }

    @Override
    public List<Message> onDeadline(long nowMs) {
        return peer.onDeadline(nowMs);
    }

    @Override
    public long nextDeadlineMs() {
        return peer.nextDeadlineMs();
    }
}
