package dev.cohort.replay;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.coordinator.Teacher;
import dev.cohort.coordinator.method.MethodCatalog;
import dev.cohort.coordinator.method.TeacherSetting;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.End;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.Recipe;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.Decoding;
import dev.cohort.protocol.wire.Reason;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VerificationTest {
    private static final int STEPS = 12;
    private static final int SLOTS = 3;
    private static final int ROWS = 4;
    private static final int CLASSES = 3;
    private static final int WIDTH = 2;
    private static final List<PeerId> PEERS = List.of(new PeerId("p1"), new PeerId("p2"), new PeerId("p3"));

    private final SplittableRandom random = new SplittableRandom(1);

    private static Teacher teacher(String method) {
        Experiment.Optimizer optimizer = new Experiment.Optimizer(
                0.1, 0.9, false, 0, new Experiment.Schedule(Experiment.Schedule.Shape.CONSTANT, List.of(), 1, 0));
        return MethodCatalog.get(method)
                .create(
                        new Experiment.Method(method, Map.of()),
                        new TeacherSetting(SLOTS, Ints.of(WIDTH, WIDTH, WIDTH), CLASSES, 1, optimizer, DType.FLOAT32));
    }

    private static Digest images(long step) {
        return new Hasher().number(step).digest();
    }

    private static Batch batch(long step) {
        Ints rows = Ints.of(0, 1, 2, 0);
        return new Batch(
                step,
                0,
                false,
                new SoftLabels(CLASSES, List.of(rows), List.of(1.0)),
                new Recipe(
                        rows,
                        List.of(),
                        OptionalDouble.empty(),
                        0,
                        List.of(new Recipe.View(rows, rows, rows, List.of()))),
                List.of(images(step)),
                Optional.empty());
    }

    private Tensor tensor(int columns) {
        return Tensor.of(
                DType.FLOAT32, random.doubles((long) ROWS * columns, -2, 2).toArray(), ROWS, columns);
    }

    private Prediction prediction(PeerId peer, long step) {
        NamedTensors tensors =
                NamedTensors.of(Map.of(TensorName.LOGITS, tensor(CLASSES), TensorName.FEATURES, tensor(WIDTH)));
        return new Prediction(step, 0, peer, 1, step - 1, tensors, images(step), Optional.empty());
    }

    /** The log of a run as its augmenter, peers and coordinator write it, batches two steps ahead. */
    private ListedLog log(String method) {
        ListedLog log = new ListedLog(SLOTS);
        Teacher teacher = teacher(method);
        NamedTensors state = teacher.initialState();
        log.append(batch(1));
        log.append(batch(2));
        for (long step = 1; step <= STEPS; step++) {
            if (step + 2 <= STEPS) {
                log.append(batch(step + 2));
            }
            List<Teacher.Vote> votes = new ArrayList<>();
            List<Outcome.Contributor> contributors = new ArrayList<>();
            for (int slot = 0; slot < SLOTS; slot++) {
                Prediction said = prediction(PEERS.get(slot), step);
                log.append(said);
                votes.add(new Teacher.Vote(said.peer(), slot, said.tensors()));
                contributors.add(new Outcome.Contributor(
                        said.peer(), slot, 1, step - 1, said.tensors().digest()));
            }
            Teacher.Lesson lesson = teacher.teach(
                    state, new Teacher.Votes(step, 0, 0.1, batch(step).labels(), votes));
            List<Outcome.Part> parts = new ArrayList<>();
            lesson.addressed().forEach((slot, terms) -> {
                Addressed part = new Addressed(stepOf(contributors), 0, PEERS.get(slot), slot, terms);
                log.append(part);
                parts.add(new Outcome.Part(PEERS.get(slot), part.digest()));
            });
            log.append(new Outcome(
                    step,
                    0,
                    "c1",
                    Teacher.hash(state),
                    contributors,
                    new Outcome.Targets(lesson.labelWeight(), lesson.terms(), parts, true)));
            state = lesson.next();
        }
        log.append(new End(STEPS, "planned"));
        return log;
    }

    private static long stepOf(List<Outcome.Contributor> contributors) {
        return contributors.get(0).version() + 1;
    }

    private static Verification.Verdict verdict(ListedLog log, String method) {
        return new Verification(log, teacher(method), step -> 0.1, Verification.Batches.unchecked())
                .verdict(step -> {});
    }

    private static List<String> findings(ListedLog log, String method) {
        return verdict(log, method).findings().stream().map(Finding::sentence).toList();
    }

    @ParameterizedTest
    @ValueSource(strings = {"mean_logit", "dml", "one", "okddip", "adaptive"})
    void findsNothingInALogThatNobodyTouched(String method) {
        Verification.Verdict verdict = verdict(log(method), method);

        assertThat(verdict.findings()).isEmpty();
        assertThat(verdict.clean()).isTrue();
        assertThat(verdict.steps()).isEqualTo(STEPS);
        assertThat(verdict.targets()).isEqualTo(STEPS);
        assertThat(verdict.recomputed()).isEqualTo(STEPS);
        assertThat(verdict.lastStep()).hasValue(STEPS);
    }

    /** The same tensor with another last bit in its first number. */
    private static Tensor nudged(Tensor tensor) {
        double[] values = tensor.toDoubles();
        values[0] = Math.nextUp((float) values[0]);
        return Tensor.of(tensor.dtype(), values, tensor.shape().stream().toArray());
    }

    private static ListedLog withAnotherBit(ListedLog log, long step, PeerId peer) {
        log.change(
                Prediction.class,
                said -> said.map(p -> p.step() == step && p.peer().equals(peer)
                        ? new Prediction(
                                p.step(),
                                p.part(),
                                p.peer(),
                                p.incarnation(),
                                p.version(),
                                p.tensors().with(TensorName.LOGITS, nudged(p.logits())),
                                p.rendered(),
                                p.previous())
                        : p));
        return log;
    }

    @Test
    void namesStepPeerAndFieldOfAPredictionWithAnotherBit() {
        ListedLog log = withAnotherBit(log("mean_logit"), 5, PEERS.get(1));

        Verification.Verdict verdict = verdict(log, "mean_logit");

        assertThat(verdict.findings()).hasSize(1);
        Finding only = verdict.findings().get(0);
        assertThat(only.kind()).isEqualTo(Finding.Kind.DIFFERS);
        assertThat(only.sentence()).startsWith("step 5, peer p2, prediction.features|logits: digest ");
        assertThat(verdict.recomputed()).as("a teacher without a state goes on").isEqualTo(STEPS - 1);
    }

    @Test
    void knowsATrainedTeacherOnlyUpToWhereTheLogWasChanged() {
        ListedLog log = withAnotherBit(log("one"), 5, PEERS.get(1));

        Verification.Verdict verdict = verdict(log, "one");

        assertThat(verdict.findings()).hasSize(1);
        assertThat(verdict.recomputed()).isEqualTo(4);
    }

    @Test
    void namesTheTermOfAnOutcomeThatWasChanged() {
        ListedLog log = log("mean_logit");
        log.change(
                Outcome.class,
                said -> said.map(o -> o.step() == 7
                        ? new Outcome(
                                o.step(),
                                o.part(),
                                o.coordinator(),
                                o.stateBefore(),
                                o.contributors(),
                                nudged((Outcome.Targets) o.resolution()))
                        : o));

        assertThat(findings(log, "mean_logit"))
                .containsExactly("step 7, outcome.terms[0].mean: is not what follows from the predictions that the"
                        + " outcome names");
    }

    private static Outcome.Targets nudged(Outcome.Targets targets) {
        var soft = (Term.SoftTarget) targets.terms().get(0);
        return new Outcome.Targets(
                targets.labelWeight(),
                List.of(new Term.SoftTarget(
                        soft.name(),
                        nudged(soft.values()),
                        soft.space(),
                        soft.vote(),
                        soft.weight(),
                        soft.temperature())),
                targets.addressed(),
                targets.exact());
    }

    @Test
    void namesWhatIsNotThere() {
        ListedLog log = log("one");
        log.change(
                Prediction.class,
                said -> said.filter(p -> p.step() != 9 || !p.peer().equals(PEERS.get(0))));
        log.change(Addressed.class, said -> said.filter(a -> a.step() != 3 || a.slot() != 2));
        log.change(Batch.class, said -> said.filter(b -> b.step() != 11));
        log.change(Outcome.class, said -> said.filter(o -> o.step() != STEPS));

        assertThat(findings(log, "one"))
                .hasSize(4)
                .anyMatch(f -> f.startsWith("step 3, peer p3, addressed: no part of digest "))
                .contains("step 9, peer p1, prediction: not in the log")
                .contains("step 11, batch: not in the log")
                .contains("step 12, outcome: step 12 of the run have no outcome in the log");
    }

    @Test
    void findsAGapInTheOutcomes() {
        ListedLog log = log("mean_logit");
        log.change(Outcome.class, said -> said.filter(o -> o.step() < 4 || o.step() > 6));

        assertThat(findings(log, "mean_logit"))
                .containsExactly("step 4, outcome: steps 4 to 6 of the run have no outcome in the log");
    }

    @Test
    void ignoresWhatEverybodyIgnores() {
        ListedLog log = log("mean_logit");
        ListedLog other = log("mean_logit");
        other.change(Outcome.class, said -> {
            log.append(said.orElseThrow()); // of a coordinator that was late, from other predictions
            return said;
        });
        log.append(prediction(PEERS.get(0), 3));
        log.putFirst(new RecordedLog.Refused(
                Topic.PREDICTIONS,
                0,
                0,
                0,
                new Decoding.Rejected(Reason.WRONG_RUN, "x", "another run", Optional.empty())));

        Verification.Verdict verdict = verdict(log, "mean_logit");

        assertThat(verdict.findings()).isEmpty();
        assertThat(verdict.outcomesIgnored()).isEqualTo(STEPS);
        assertThat(verdict.refused()).containsExactly(Map.entry("WRONG_RUN", 1L));
    }

    @Test
    void tellsOfRecordsThatCannotBeRead() {
        ListedLog log = log("mean_logit");
        log.putFirst(new RecordedLog.Unreadable(Topic.OUTCOMES, 0, 17, OptionalLong.of(18), "bad checksum"));

        assertThat(findings(log, "mean_logit")).containsExactly("outcomes-0 offsets 17 to 18: bad checksum");
    }

    @Test
    void believesNoBatchThatWasNotPlanned() {
        Verification verification = new Verification(
                log("mean_logit"),
                teacher("mean_logit"),
                step -> 0.1,
                batch -> batch.step() == 2 ? Optional.of("another recipe") : Optional.empty());

        assertThat(verification.verdict(step -> {}).findings().stream().map(Finding::sentence))
                .containsExactly("step 2, batch: another recipe");
    }

    @Test
    void findsATeacherOfAnotherMethod() {
        assertThat(findings(log("mean_logit"), "dml")).isNotEmpty();
        assertThat(findings(log("mean_logit"), "independent"))
                .hasSize(STEPS)
                .first()
                .isEqualTo("step 1, outcome: has targets, which this method never makes");
    }

    @Test
    void readsNoFurtherAheadThanTheStepNeeds() {
        ListedLog log = log("one");
        try (RecordedSteps steps = new RecordedSteps(log, entry -> {})) {
            assertThat(steps.next()).isPresent();
        }
        assertThat(log.read()).as("of " + STEPS + " steps").isLessThan(20);
    }
}
