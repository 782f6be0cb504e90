package dev.cohort.experiment;

import dev.cohort.protocol.PeerId;
import dev.cohort.tensor.Hasher;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Settings of a peer that the experiment does not name. */
public final class Newcomer {
    private Newcomer() {}

    /**
     * The peer {@code id} of a run. The seed of its initial weights is derived from the run's seed and the id, so that a restart
     * begins with the same weights.
     *
     * @param model name in the model catalogue
     * @param device auto, cpu or cuda:N
     */
    public static Experiment.Peer of(Experiment experiment, PeerId id, String model, String device) {
        return new Experiment.Peer(id, model, device, seed(experiment, id), false);
    }

    private static long seed(Experiment experiment, PeerId id) {
        byte[] digest = new Hasher()
                .number(experiment.run().seed())
                .text(id.value())
                .digest()
                .toBytes();
        return ByteBuffer.wrap(digest).order(ByteOrder.LITTLE_ENDIAN).getInt() & Integer.MAX_VALUE;
    }
}
