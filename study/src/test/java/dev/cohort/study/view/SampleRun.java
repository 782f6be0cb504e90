package dev.cohort.study.view;

import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.End;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Normalisation;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.PeerState;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Recipe;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.StepReport;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;

/** Messages of a small run: two peers and a control, two images of two classes per batch, four test images. */
final class SampleRun {
    static final PeerId P1 = new PeerId("p1");
    static final PeerId P2 = new PeerId("p2");
    static final PeerId CONTROL = new PeerId("control");
    static final Ints TEST_LABELS = Ints.of(0, 1, 0, 1);

    private SampleRun() {}

    static RunView view() {
        return new RunView("20250101-120000-sample", manifest(), experiment("mean_logit"));
    }

    static Manifest manifest() {
        return new Manifest(
                Manifest.PROTOCOL_VERSION,
                "",
                2,
                new ImageShape(2, 2, 1),
                new Normalisation(List.of(0.5), List.of(0.5)),
                digest(0),
                10,
                TEST_LABELS,
                Ints.of(),
                Ints.of(64, 64),
                10);
    }

    static Experiment experiment(String method) {
        return new Experiment(
                new Experiment.Run("sample", 1, OptionalInt.of(2), OptionalLong.empty(), 2),
                new Experiment.Data(
                        "fashion-mnist", Optional.empty(), Experiment.Data.Delivery.RECIPE, OptionalDouble.of(0)),
                new Experiment.Augment(0, false, false),
                new Experiment.Mix(Experiment.Mix.Mixing.NONE, 1, 0, 2),
                new Experiment.Method(method, Map.of()),
                new Experiment.Optimizer(
                        0.1,
                        0.9,
                        false,
                        0,
                        new Experiment.Schedule(Experiment.Schedule.Shape.CONSTANT, List.of(), 0.1, 0)),
                List.of(
                        new Experiment.Peer(P1, "resnet8", "cpu", 1, false),
                        new Experiment.Peer(P2, "resnet14", "cpu", 2, false),
                        new Experiment.Peer(CONTROL, "resnet8", "cpu", 1, true)),
                new Experiment.Pace(
                        Experiment.Pace.Mode.STRICT,
                        1,
                        1,
                        2,
                        Experiment.Pace.Completion.ALL,
                        2,
                        3000,
                        30_000,
                        600_000,
                        60_000,
                        Experiment.Pace.OnLoss.DROP),
                new Experiment.Elastic(2, 2, 5000, 0, 0.8),
                new Experiment.Wire(DType.FLOAT32, DType.FLOAT32),
                new Experiment.Recording(Experiment.Recording.Features.NEEDED, true, 200, 3, 200),
                new Experiment.Kafka(Optional.empty(), 1, Map.of()),
                new Experiment.Threads(OptionalInt.empty()));
    }

    static Digest digest(long number) {
        return new Hasher().number(number).digest();
    }

    static Batch batch(long step) {
        Ints zeros = Ints.of(0, 0);
        return new Batch(
                step,
                (int) ((step - 1) / 5),
                step % 5 == 0,
                new SoftLabels(2, List.of(Ints.of(0, 1)), List.of(1.0)),
                new Recipe(
                        Ints.of(0, 1),
                        List.of(),
                        OptionalDouble.empty(),
                        0,
                        List.of(new Recipe.View(zeros, zeros, zeros, List.of()))),
                List.of(digest(step)),
                Optional.empty());
    }

    static Outcome outcome(long step, PeerId... contributors) {
        List<Outcome.Contributor> named = Arrays.stream(contributors)
                .map(p -> new Outcome.Contributor(p, p.equals(P1) ? 0 : 1, 1, step - 1, digest(step)))
                .toList();
        return new Outcome(
                step, 0, "coordinator", digest(0), named, new Outcome.Targets(1, List.of(), List.of(), true));
    }

    static Outcome skipped(long step) {
        return new Outcome(
                step, 0, "coordinator", digest(0), List.of(), new Outcome.Skipped(Outcome.SkipReason.TOO_FEW));
    }

    static Joining joining(PeerId peer, long incarnation, long trainedSteps) {
        String model = peer.equals(P2) ? "resnet14" : "resnet8";
        return new Joining(peer, incarnation, model, "cpu", peer.equals(CONTROL), 64, trainedSteps, digest(0), 1);
    }

    static Heartbeat heartbeat(PeerId peer, PeerState state, long step) {
        return new Heartbeat(peer, 1, state, step, new Heartbeat.Figures(812.4, 0.123, 0.9, 0.1, 0.6));
    }

    static Prediction prediction(PeerId peer, long step) {
        Optional<StepReport> previous = step == 1
                ? Optional.empty()
                : Optional.of(new StepReport(step - 1, 2.0 / step, peer.equals(CONTROL) ? 0 : 0.25, 0.5, true));
        NamedTensors logits = NamedTensors.of(TensorName.LOGITS, Tensor.of(DType.FLOAT32, new double[4], 2, 2));
        return new Prediction(step, 0, peer, 1, step - 1, logits, digest(step), previous);
    }

    /** Two logits per image. */
    static Evaluation evaluation(String source, int epoch, double accuracy, double... logits) {
        return evaluationAt(5L * (epoch + 1), source, epoch, accuracy, logits);
    }

    static Evaluation evaluationAt(long step, String source, int epoch, double accuracy, double... logits) {
        NamedTensors tensors = logits.length == 0
                ? NamedTensors.none()
                : NamedTensors.of(TensorName.LOGITS, Tensor.of(DType.FLOAT32, logits, logits.length / 2, 2));
        return new Evaluation(step, epoch, epoch == 1, source, accuracy, 0.7, tensors);
    }

    static Left finished(PeerId peer, double accuracy) {
        return new Left(peer, 1, Left.FINISHED, Optional.of(new Left.Result(1, 10, accuracy, 800.25, 0.1, digest(77))));
    }

    /** A run of ten steps from its first to its last message. */
    static RunView whole() {
        RunView view = view();
        List<PeerId> peers = List.of(P1, P2, CONTROL);
        peers.forEach(p -> view.on(joining(p, 1, 0), 0));
        for (long step = 1; step <= 10; step++) {
            long now = 1000 * step;
            view.on(batch(step), now);
            for (PeerId peer : peers) {
                view.on(prediction(peer, step), now + 100);
                view.on(heartbeat(peer, PeerState.TRAINING, step - 1), now + 200);
            }
            view.on(outcome(step, P1, P2), now + 300);
            if (step % 5 == 0) {
                int epoch = (int) step / 5 - 1;
                view.on(evaluation("p1", epoch, 0.5, 2, 0, 2, 0, 2, 0, 0, 1), now + 400);
                view.on(evaluation("p2", epoch, 0.75, 2, 0, 0, 3, 0, 1, 0, 3), now + 400);
                view.on(evaluation("control", epoch, 0.5, 2, 0, 2, 0, 2, 0, 2, 0), now + 400);
            }
        }
        view.on(new End(10, "planned"), 10_500);
        view.on(finished(P1, 0.75), 10_600);
        view.on(finished(P2, 0.75), 10_700);
        view.on(finished(CONTROL, 0.5), 10_800);
        return view;
    }
}
