package dev.cohort.simulation;

import dev.cohort.protocol.Batch;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.wire.Nonsense;
import dev.cohort.simulation.Fault.Lie;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Optional;

/** What a peer with something broken in it, or somebody in its name, writes: some of it no message can say, only bytes can. */
final class Lies {
    private Lies() {}

    /** An honest prediction for {@code batch} with logits of 0, and features of 0 if {@code hidden} is there. */
    static Prediction innocent(Batch batch, PeerId peer, long incarnation, int slot, Optional<Integer> hidden) {
        int rows = batch.rows();
        int classes = batch.labels().classes();
        NamedTensors tensors = NamedTensors.of(TensorName.LOGITS, zeros(rows, classes));
        if (hidden.isPresent()) {
            tensors = tensors.with(TensorName.FEATURES, zeros(rows, hidden.get()));
        }
        return new Prediction(
                batch.step(), 0, peer, incarnation, batch.step() - 1, tensors, batch.digest(slot), Optional.empty());
    }

    private static Tensor zeros(int rows, int columns) {
        return Tensor.of(DType.FLOAT32, new double[rows * columns], rows, columns);
    }

    /** {@code said} as {@code lie} would have it, as far as a message can say that. */
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
                yield with(said, said.step(), said.peer(), Tensor.of(logits.dtype(), values, rows, classes));
            }
            case WRONG_SHAPE ->
                with(said, said.step(), said.peer(), Tensor.of(logits.dtype(), values, rows * classes, 1));
            case WRONG_DIGEST -> rendered(said, Digest.of(logits.bytes()));
            case FAR_STEP -> with(said, said.step() + 1_000_000, said.peer(), logits);
            case STRANGER -> with(said, said.step(), new PeerId("stranger"), logits);
            case NOT_FINITE, NONSENSE -> said;
        };
    }

    /** The record of a distorted prediction with what only bytes can say. */
    static byte[] distorted(byte[] record, Lie lie, Nonsense nonsense) {
        return switch (lie) {
            case NOT_FINITE -> nonsense.of(record, Nonsense.Kind.NOT_FINITE);
            case NONSENSE -> nonsense.of(record);
            default -> record;
        };
    }

    private static Prediction with(Prediction said, long step, PeerId peer, Tensor logits) {
        return new Prediction(
                step,
                said.part(),
                peer,
                said.incarnation(),
                said.version(),
                said.tensors().with(TensorName.LOGITS, logits),
                said.rendered(),
                said.previous());
    }

    private static Prediction rendered(Prediction said, Digest digest) {
        return new Prediction(
                said.step(),
                said.part(),
                said.peer(),
                said.incarnation(),
                said.version(),
                said.tensors(),
                digest,
                said.previous());
    }
}
