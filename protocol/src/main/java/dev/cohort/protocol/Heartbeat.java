package dev.cohort.protocol;

/**
 * A peer is alive, and what it is doing. Sent by a separate thread, so that a long step does not look like a crash.
 *
 * @param step the last step trained
 * @param figures speed and losses for the live table
 */
public record Heartbeat(PeerId peer, long incarnation, PeerState state, long step, Figures figures) implements Message {
    public Heartbeat {
        Sayable.atLeast(1, incarnation, "incarnation");
        Sayable.atLeast(0, step, "step");
    }

    /**
     * @param imagesPerSecond trained images / time from first to last update, evaluation excluded; 0 before the first update
     * @param waitShare share of this time in which the peer waited for outcomes or batches, 0..1
     * @param crossEntropy of the last step; NaN or infinite if the peer has diverged
     * @param distillation of the last step, weighted; NaN or infinite if the peer has diverged
     * @param correct share of right rows of the last step, 0..1
     */
    public record Figures(
            double imagesPerSecond, double waitShare, double crossEntropy, double distillation, double correct) {
        public static final Figures NONE = new Figures(0, 0, 0, 0, 0);

        public Figures {
            Sayable.notNegative(imagesPerSecond, "images per second");
            Sayable.notNegative(waitShare, "share of waiting");
            Sayable.share(correct, "share of right rows");
        }
    }
}
