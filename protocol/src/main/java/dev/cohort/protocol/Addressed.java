package dev.cohort.protocol;

import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import java.util.List;

/**
 * The part of an outcome that only one peer needs. Appended before the outcome, which names it by {@link #digest}.
 *
 * @param slot of the peer, and its partition on the topic
 */
public record Addressed(long step, int part, PeerId peer, int slot, List<Term> terms) implements Message {
    public Addressed {
        terms = List.copyOf(terms);
        Sayable.atLeast(1, step, "step");
        Sayable.atLeast(0, part, "part");
        Sayable.slot(slot, "slot");
        Sayable.terms(terms);
    }

    public Digest digest() {
        Hasher hasher =
                new Hasher().number(step).number(part).text(peer.value()).number(slot);
        TermDigest.hash(terms, hasher);
        return hasher.digest();
    }
}
