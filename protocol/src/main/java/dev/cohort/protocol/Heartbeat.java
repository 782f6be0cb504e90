package dev.cohort.protocol;

/**
 * A peer lives, and what it does. Sent by a thread of its own, so that a long step does not look like a death.
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
     * @param imagesPerSecond trained images / time from first to last update, evaluation excluded; 0 before the first
     * @param waitShare share of that time in which the peer waited for outcomes or batches, 0..1
     * @param crossEntropy of the last step; NaN or infinite when the peer has diverged, for it still lives and says so
     * @param distillation of the last step, weighted; likewise
     * @param correct of the last step, 0..1
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
