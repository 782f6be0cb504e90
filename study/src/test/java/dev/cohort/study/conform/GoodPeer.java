package dev.cohort.study.conform;

import dev.cohort.distill.Objective;
import dev.cohort.distill.TestScore;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.protocol.Admitted;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.End;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.Manifest;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.Normalisation;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.PeerState;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Recipe;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.StepReport;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.RecordedLog.Said;
import dev.cohort.runtime.config.ExperimentYaml;
import dev.cohort.runtime.kafka.TopicPlan;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** The records of a short run in which a newcomer keeps every rule: three steps of two rows and two classes. */
final class GoodPeer {
    static final PeerId SELF = new PeerId("guest");
    static final PeerId OTHER = new PeerId("p1");
    static final int STEPS = 3;
    static final Digest DATA = digest(99);
    static final int PARTITIONS = 3;
    static final int OWN_PARTITION = TopicPlan.predictionPartition(SELF, PARTITIONS);
    private static final Ints TEST_LABELS = Ints.of(0, 1);

    private final List<Said> records = new ArrayList<>();
    private long nowMs = 1_000;

    /** All records, in their order. */
    static List<Said> run() {
        GoodPeer peer = new GoodPeer();
        peer.add(SELF, joining(1, 0));
        peer.add("coordinator", new Admitted(SELF, 1, 1, 1, ""));
        peer.beat(0);
        for (long step = 1; step <= STEPS; step++) {
            peer.add("augment", batch(step));
            peer.add(SELF, prediction(1, step));
            peer.add("coordinator", outcome(step));
            peer.beat(step);
        }
        peer.add("augment", new End(STEPS, "planned"));
        peer.add(SELF, evaluation(STEPS));
        peer.add(SELF, left(Left.FINISHED, STEPS));
        return List.copyOf(peer.records);
    }

    static Subject subject() {
        Problems problems = new Problems();
        Experiment experiment = ExperimentYaml.read("""
                        run: {steps: 3, batch_size: 2}
                        method: {name: mean_logit}
                        peers: [{id: p1, model: mlp32}]
                        elastic: {max: 3}
                        """, List.of(), problems).orElseThrow();
        Manifest manifest = new Manifest(
                Manifest.PROTOCOL_VERSION,
                ExperimentYaml.writeWithoutSecrets(experiment),
                2,
                new ImageShape(1, 1, 1),
                new Normalisation(List.of(0.5), List.of(0.5)),
                DATA,
                6,
                TEST_LABELS,
                Ints.of(),
                Ints.of(32, 32, 32),
                STEPS);
        return new Subject(SELF, manifest, experiment, List.of(), PARTITIONS);
    }

    static Joining joining(long incarnation, long trained) {
        return new Joining(SELF, incarnation, "mine", "cpu", false, 32, trained, DATA, 1);
    }

    static Batch batch(long step) {
        return batch(step, digest(step));
    }

    static Batch batch(long step, Digest picture) {
        Recipe.View view = new Recipe.View(Ints.of(0, 0), Ints.of(0, 0), Ints.of(0, 0), List.of());
        return new Batch(
                step,
                0,
                step == STEPS,
                labels(),
                new Recipe(Ints.of(0, 1), List.of(), OptionalDouble.empty(), 0, List.of(view)),
                List.of(picture),
                Optional.empty());
    }

    private static SoftLabels labels() {
        return new SoftLabels(2, List.of(Ints.of(0, 1)), List.of(1.0));
    }

    static NamedTensors tensors(long step) {
        return NamedTensors.of(TensorName.LOGITS, Tensor.ofFloats(new float[] {step, 0.5f, -1, 0.25f * step}, 2, 2));
    }

    static Prediction prediction(long incarnation, long step) {
        return prediction(
                incarnation, step, tensors(step), digest(step), step == 1 ? Optional.empty() : report(step - 1, true));
    }

    static Prediction prediction(
            long incarnation, long step, NamedTensors tensors, Digest rendered, Optional<StepReport> report) {
        return new Prediction(step, 0, SELF, incarnation, step - 1, tensors, rendered, report);
    }

    /** @param taught by the outcome's targets, or by the labels alone */
    static Optional<StepReport> report(long step, boolean taught) {
        List<Term> terms = taught ? targets(step).terms() : List.of();
        Objective.Result right = Objective.of(
                labels(),
                1,
                terms,
                tensors(step),
                tensors(step),
                taught ? Optional.of(new Objective.Place(0, 2)) : Optional.empty(),
                DType.FLOAT64);
        return Optional.of(new StepReport(step, right.crossEntropy(), right.distillation(), right.correct(), taught));
    }

    static Outcome outcome(long step) {
        return outcome(step, targets(step));
    }

    static Outcome outcome(long step, Outcome.Resolution resolution) {
        return new Outcome(
                step,
                0,
                "coordinator",
                digest(7),
                List.of(
                        new Outcome.Contributor(
                                SELF, 1, 1, step - 1, tensors(step).digest()),
                        new Outcome.Contributor(OTHER, 0, 1, step - 1, digest(step))),
                resolution);
    }

    private static Outcome.Targets targets(long step) {
        Tensor mean = Tensor.ofFloats(new float[] {0, step, 1, 0}, 2, 2);
        return new Outcome.Targets(
                1,
                List.of(new Term.SoftTarget("mean", mean, Term.Space.LOGITS, Term.Vote.LEFT_OUT, 1, 3)),
                List.of(),
                true);
    }

    static Evaluation evaluation(long step) {
        Tensor logits = Tensor.ofFloats(new float[] {2, 0, 3, 0}, 2, 2);
        TestScore score = TestScore.of(logits, TEST_LABELS);
        return new Evaluation(
                step,
                0,
                true,
                SELF.value(),
                score.accuracy(),
                score.crossEntropy(),
                NamedTensors.of(TensorName.LOGITS, logits));
    }

    static Left left(String reason, long trained) {
        return new Left(SELF, 1, reason, Optional.of(new Left.Result(1, trained, 0.5, 10, 0.1, digest(5))));
    }

    static Heartbeat heartbeat(long incarnation, long step) {
        return new Heartbeat(SELF, incarnation, PeerState.TRAINING, step, Heartbeat.Figures.NONE);
    }

    static Digest digest(long number) {
        return new Hasher().number(number).digest();
    }

    private void beat(long step) {
        add(SELF, heartbeat(1, step));
    }

    private void add(PeerId sender, Message message) {
        add(sender.value(), message);
    }

    private void add(String sender, Message message) {
        records.add(said(sender, message, nowMs));
        nowMs += 100;
    }

    /** A record on the topic and partition where it belongs. */
    static Said said(String sender, Message message, long atMs) {
        Topic topic = Topic.of(message);
        int partition = topic == Topic.PREDICTIONS ? OWN_PARTITION : 0;
        return new Said(topic, partition, atMs, atMs, sender, message, 100);
    }
}
