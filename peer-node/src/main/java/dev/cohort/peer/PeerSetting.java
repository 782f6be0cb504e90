package dev.cohort.peer;

import dev.cohort.protocol.PeerId;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import java.util.List;
import java.util.Optional;
import java.util.function.LongToDoubleFunction;

/**
 * The settings of a peer in a run.
 *
 * @param incarnation which start of this peer this is, from 1
 * @param model name in the model catalogue
 * @param device where it computes
 * @param torchThreads threads it computes with
 * @param framework that computes its network
 * @param observer whether the peer trains on the labels alone and never waits (control, {@code independent})
 * @param slot its seat if the experiment names the peer; a newcomer receives its seat from the coordinator
 * @param fromHead whether a newcomer skips the steps before its admission instead of training through the log
 * @param reads tensors besides the logits that the method reads
 * @param logits element type of published logits
 * @param features element type of published features
 * @param maps element type of published feature maps
 * @param dataDigest of the data set that batches are rendered from
 * @param testLabels class of each test image
 * @param plannedSteps batches of the run
 * @param learningRate at a step
 * @param checkpointSteps interval of checkpoints in steps, besides those after evaluations; 0 for evaluations only
 * @param evaluationLogits whether to publish the test-set logits with each evaluation
 * @param resendMs after which an unanswered message is sent again
 */
public record PeerSetting(
        PeerId id,
        long incarnation,
        String model,
        String device,
        int torchThreads,
        String framework,
        boolean observer,
        Optional<Integer> slot,
        boolean fromHead,
        List<String> reads,
        DType logits,
        DType features,
        DType maps,
        Digest dataDigest,
        Ints testLabels,
        long plannedSteps,
        LongToDoubleFunction learningRate,
        long checkpointSteps,
        boolean evaluationLogits,
        long resendMs) {
    public PeerSetting {
        reads = List.copyOf(reads);
    }
}
