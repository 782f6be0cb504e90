package dev.cohort.simulation;

import dev.cohort.protocol.Message;
import dev.cohort.protocol.Node;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TensorName;
import dev.cohort.simulation.Fault.Lie;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;

/** A peer with something broken in it: all it publishes is wrong in one way. */
final class LyingPeer implements Node {
    private final Node honest;
    private final Lie lie;

    private LyingPeer(Node honest, Lie lie) {
        this.honest = honest;
        this.lie = lie;
    }

    static Node orHonest(Node peer, PeerPlan plan) {
        return plan.lies().<Node>map(lie -> new LyingPeer(peer, lie)).orElse(peer);
    }

    /** {@code said} as {@code lie} would have it. */
    static Prediction distorted(Prediction said, Lie lie) {
        Tensor logits = said.logits();
        int rows = logits.dimension(0);
        int classes = logits.dimension(1);
        double[] values = logits.toDoubles();
        return switch (lie) {
            case OTHER_LOGITS -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = (i % 7) - 3;
                }
                yield with(
                        said,
                        said.step(),
                        said.peer(),
                        Tensor.of(logits.dtype(), values, rows, classes),
                        said.rendered());
            }
            case NOT_FINITE -> {
                values[0] = Double.NaN;
                yield with(
                        said,
                        said.step(),
                        said.peer(),
                        Tensor.of(logits.dtype(), values, rows, classes),
                        said.rendered());
            }
            case WRONG_SHAPE ->
                with(
                        said,
                        said.step(),
                        said.peer(),
                        Tensor.of(logits.dtype(), values, rows * classes),
                        said.rendered());
            case WRONG_DIGEST -> with(said, said.step(), said.peer(), logits, Digest.of(logits.bytes()));
            case FAR_STEP -> with(said, said.step() + 1_000_000, said.peer(), logits, said.rendered());
            case STRANGER -> with(said, said.step(), new PeerId("stranger"), logits, said.rendered());
        };
    }

    private static Prediction with(Prediction said, long step, PeerId peer, Tensor logits, Digest rendered) {
        NamedTensors tensors = said.tensors().with(TensorName.LOGITS, logits);
        return new Prediction(
                step, said.part(), peer, said.incarnation(), said.version(), tensors, rendered, said.previous());
    }

    private List<Message> distorted(List<Message> said) {
        return said.stream()
                .map(m -> m instanceof Prediction prediction ? distorted(prediction, lie) : m)
                .toList();
    }

    @Override
    public List<Message> onMessage(Message message, long nowMs) {
        return distorted(honest.onMessage(message, nowMs));
    }

    @Override
    public List<Message> onDeadline(long nowMs) {
        return distorted(honest.onDeadline(nowMs));
    }

    @Override
    public long nextDeadlineMs() {
        return honest.nextDeadlineMs();
    }
}
