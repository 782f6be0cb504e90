package dev.cohort.cli;

import dev.cohort.augment.data.ImageData;
import dev.cohort.cli.role.PeerReplay;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Left;
import dev.cohort.tensor.Digest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * What became of a peer that was trained again from the log of its run.
 *
 * @param recorded digest of the weights that it said goodbye with
 * @param again empty when the log does not reach its last step
 */
record TrainedAgain(String peer, Digest recorded, Optional<Digest> again) {
    private static final long SAY_EVERY_NANOS = TimeUnit.SECONDS.toNanos(2);

    boolean equal() {
        return again.equals(Optional.of(recorded));
    }

    /**
     * Trains all peers that the experiment names and that said goodbye with weights, one after the other, with as many threads as
     * in the run.
     *
     * @param say told how far it is, now and then
     */
    static List<TrainedAgain> all(RecordedRun.Opened opened, ImageData data, Consumer<String> say) {
        // Read by PyTorch's engine when it starts, which is when the first peer is made.
        opened.experiment()
                .threads()
                .torchPerPeer()
                .ifPresent(n -> System.setProperty("ai.djl.pytorch.num_threads", Integer.toString(n)));
        PeerReplay replay = new PeerReplay(opened.log(), opened.manifest(), opened.experiment(), data);
        SortedMap<String, Left> goodbyes = opened.goodbyes();
        List<TrainedAgain> trained = new ArrayList<>();
        for (Experiment.Peer peer : opened.experiment().peers()) {
            Optional<Left.Result> said =
                    Optional.ofNullable(goodbyes.get(peer.id().value())).flatMap(Left::result);
            if (said.isPresent()) {
                long steps = said.get().stepsTrained();
                long[] nextNanos = {System.nanoTime() + SAY_EVERY_NANOS};
                trained.add(new TrainedAgain(
                        peer.id().value(), said.get().weights(), replay.weights(peer, Optional.empty(), steps, step -> {
                            if (System.nanoTime() >= nextNanos[0]) {
                                nextNanos[0] = System.nanoTime() + SAY_EVERY_NANOS;
                                say.accept(peer.id() + " trains again: step " + step + " of " + steps);
                            }
                        })));
            }
        }
        return trained;
    }
}
