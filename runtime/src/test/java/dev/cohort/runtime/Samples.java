package dev.cohort.runtime;

import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Normalisation;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.PeerState;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Recipe;
import dev.cohort.protocol.Snapshot;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.TensorPiece;
import dev.cohort.protocol.TensorReference;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** One message of each kind, of any size. */
public final class Samples {
    public static final PeerId P1 = new PeerId("p1");
    public static final Digest DIGEST = Digest.of(ByteBuffer.wrap(new byte[] {1, 2, 3}));

    private Samples() {}

    public static Manifest manifest() {
        return new Manifest(
                Manifest.PROTOCOL_VERSION,
                "run: {name: sample}\n",
                10,
                new ImageShape(4, 4, 1),
                new Normalisation(List.of(0.5), List.of(0.25)),
                DIGEST,
                100,
                Ints.of(0, 1, 2),
                Ints.of(3, 2),
                Ints.of(8, 8),
                7);
    }

    public static Batch batch(long step) {
        Ints zeros = Ints.of(0, 0);
        return new Batch(
                step,
                0,
                false,
                new SoftLabels(10, List.of(Ints.of(3, 4)), List.of(1.0)),
                new Recipe(
                        Ints.of(5, 6),
                        List.of(),
                        OptionalDouble.empty(),
                        0,
                        List.of(new Recipe.View(zeros, zeros, zeros, List.of()))),
                List.of(DIGEST),
                Optional.empty());
    }

    /** A prediction of {@code rows} x 10 logits, thus 40 bytes per row. */
    public static Prediction prediction(long step, PeerId peer, int rows) {
        return new Prediction(
                step,
                0,
                peer,
                1,
                step - 1,
                NamedTensors.of(TensorName.LOGITS, tensor(step, rows)),
                DIGEST,
                Optional.empty());
    }

    /** An outcome with a soft target of {@code rows} x 10. */
    public static Outcome outcome(long step, int rows) {
        Term target =
                new Term.SoftTarget("ensemble", tensor(step, rows), Term.Space.LOGITS, Term.Vote.INCLUDED, 1.0, 3.0);
        return new Outcome(
                step,
                0,
                "coordinator",
                DIGEST,
                List.of(new Outcome.Contributor(P1, 0, 1, step - 1, DIGEST)),
                new Outcome.Targets(1.0, List.of(target), List.of(), true));
    }

    public static Addressed addressed(long step, int slot, int rows) {
        Term leaf = new Term.LeafGradient("gate", TensorName.LOGITS, tensor(step, rows));
        return new Addressed(step, 0, P1, slot, List.of(leaf));
    }

    /** The only piece of a small tensor. */
    public static TensorPiece piece(TensorPiece.Use use, long step, PeerId peer, int slot) {
        Tensor tensor = tensor(step, 4);
        return TensorPiece.of(step, 0, peer, slot, use, tensor, TensorReference.of(tensor))
                .get(0);
    }

    public static Heartbeat heartbeat(PeerId peer, long step) {
        return new Heartbeat(peer, 1, PeerState.TRAINING, step, Heartbeat.Figures.NONE);
    }

    public static Command command(long number) {
        return new Command(Command.Kind.STOP, Optional.empty(), "number " + number);
    }

    public static Evaluation evaluation(long step, int rows) {
        NamedTensors logits = NamedTensors.of(TensorName.LOGITS, tensor(step, rows));
        return new Evaluation(step, 0, true, "p1", 0.5, 1.25, logits);
    }

    public static Snapshot snapshot(long step) {
        NamedTensors state = NamedTensors.of("gate", tensor(step, 3));
        return new Snapshot(step, state, state.digest());
    }

    private static Tensor tensor(long step, int rows) {
        float[] values = new float[rows * 10];
        for (int i = 0; i < values.length; i++) {
            values[i] = step + i / 16f;
        }
        return Tensor.ofFloats(values, rows, 10);
    }
}
