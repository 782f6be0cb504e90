package dev.cohort.distill.maps;

import dev.cohort.tensor.NamedTensors;

/**
 * The part of a peer in adversarial feature distillation (AFD) that concerns maps: a transfer layer T, which brings its map F to
 * the common width, and a {@link MapDiscriminator}. The peer publishes {@code X = T(F)} and learns from the X of its teacher, the
 * peer before it in a ring; a pair is a ring of two. Only the distributions of the maps are compared, so the two batches need not
 * have the same images.
 *
 * <p>The loss of the discriminator teaches the discriminator alone; that of the network teaches F and T, never the teacher. Both
 * are taken at the same point. The logits of the peer learn from its teacher by cross-entropy plus the divergence at T = 3, in a
 * step of its own before.
 *
 * <p>Source: Chung, Park, Kim, Kwak, "Feature-map-level Online Adversarial Knowledge Distillation", ICML 2020 (arXiv 2002.01775).
 * Ours: the transfer layer, trained by its owner; who is whose teacher; the common width, that of the narrowest peer.
 *
 * @param transfer {@link Adapter.None} for a peer of the common width, else a {@link MapAdapter}
 * @param discriminator of this peer
 */
public record AdversarialPeer(Adapter transfer, MapDiscriminator discriminator) {
    /**
     * The teacher of a peer in a ring.
     *
     * @param peer from 0
     * @param peers in the ring, at least 2
     */
    public static int teacherOf(int peer, int peers) {
        if (peers < 2 || peer < 0 || peer >= peers) {
            throw new IllegalArgumentException(
                    "peer " + peer + " in a ring of " + peers + ": must be from 0 to below their number, at least 2");
        }
        return (peer + peers - 1) % peers;
    }

    /** What the peer publishes, X, is the output of this pass. */
    public Adapter.Pass publish(FeatureMap map) {
        return transfer.forward(map);
    }

    /**
     * A step on one batch.
     *
     * @param discriminator loss and gradients of the discriminator
     * @param loss of the network
     * @param map gradient of the network's loss at its map F
     * @param transfer gradients of the network's loss at the parameters of the transfer layer, by their names
     */
    public record Step(MapDiscriminator.Trained discriminator, double loss, FeatureMap map, NamedTensors transfer) {}

    /**
     * Losses and gradients.
     *
     * @param own what {@link #publish} gave for the batch
     * @param teacher X of the teacher, constant
     */
    public Step learn(Adapter.Pass own, FeatureMap teacher) {
        MapDiscriminator.Contest contest = discriminator.contest(own.output(), teacher);
        Adapter.Gradients back = own.backward(contest.network().gradient());
        return new Step(contest.discriminator(), contest.network().loss(), back.input(), back.parameters());
    }
}
