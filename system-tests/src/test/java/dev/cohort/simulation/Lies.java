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

/** Distorts predictions as a broken peer or a forger would: most in the message, some only in its bytes. */
final class Lies {
    private Lies() {}

    /** An honest prediction for {@code batch} with logits of 0, and features of 0 if {@code hidden} is present. */
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

    /** {@code honest} distorted by {@code lie}, as far as a message can express it. */
    static Prediction distorted(Prediction honest, Lie lie) {
        Tensor logits = honest.logits();
        int rows = logits.dimension(0);
        int classes = logits.dimension(1);
        double[] values = logits.toDoubles();
        return switch (lie) {
            case OTHER_LOGITS -> {
                for (int i = 0; i < values.length; i++) {
                    values[i] = (i % 7) - 3;
                }
                yield with(honest, honest.step(), honest.peer(), Tensor.of(logits.dtype(), values, rows, classes));
            }
            case WRONG_SHAPE ->
                with(honest, honest.step(), honest.peer(), Tensor.of(logits.dtype(), values, rows * classes, 1));
            case WRONG_DIGEST -> rendered(honest, Digest.of(logits.bytes()));
            case FAR_STEP -> with(honest, honest.step() + 1_000_000, honest.peer(), logits);
            case STRANGER -> with(honest, honest.step(), new PeerId("stranger"), logits);
            case NOT_FINITE, NONSENSE -> honest;
        };
    }

    /** The record of a distorted prediction, with the distortions that only bytes can express. */
    static byte[] distorted(byte[] record, Lie lie, Nonsense nonsense) {
        return switch (lie) {
            case NOT_FINITE -> nonsense.of(record, Nonsense.Kind.NOT_FINITE);
            case NONSENSE -> nonsense.of(record);
            default -> record;
        };
    }

    private static Prediction with(Prediction honest, long step, PeerId peer, Tensor logits) {
        return new Prediction(
                step,
                honest.part(),
                peer,
                honest.incarnation(),
                honest.version(),
                honest.tensors().with(TensorName.LOGITS, logits),
                honest.rendered(),
                honest.previous());
    }

    private static Prediction rendered(Prediction honest, Digest digest) {
        return new Prediction(
                honest.step(),
                honest.part(),
                honest.peer(),
                honest.incarnation(),
                honest.version(),
                honest.tensors(),
                digest,
                honest.previous());
    }
}
