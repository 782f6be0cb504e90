package dev.cohort.study;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.protocol.Addressed;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.Decoding;
import dev.cohort.protocol.wire.Reason;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class VerificationTest {
    private static final int STEPS = SmallRun.STEPS;
    private static final List<PeerId> PEERS = SmallRun.PEERS;

    private final SmallRun run = new SmallRun();

    private ListedLog log(String method) {
        return run.log(method);
    }

    private static Verification.Verdict verdict(ListedLog log, String method) {
        return new Verification(log, SmallRun.teacher(method), step -> 0.1, Verification.Batches.unchecked())
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
                message -> message.map(p -> p.step() == step && p.peer().equals(peer)
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
                message -> message.map(o -> o.step() == 7
                        ? new Outcome(
                                o.step(),
                                o.part(),
                                o.coordinator(),
                                o.stateBefore(),
                                o.contributors(),
                                nudged((Outcome.Targets) o.resolution()))
                        : o));

        assertThat(findings(log, "mean_logit"))
                .containsExactly("step 7, outcome.terms[0].mean: does not follow from the predictions that the"
                        + " outcome names");
    }

    @Test
    void namesTheStepThatRenewsASlotForNoReason() {
        ListedLog log = log("mean_logit");
        log.change(
                Outcome.class,
                message -> message.map(o -> o.step() == 7
                        ? new Outcome(
                                o.step(),
                                o.part(),
                                o.coordinator(),
                                o.stateBefore(),
                                o.contributors(),
                                Ints.of(1),
                                o.resolution())
                        : o));

        assertThat(findings(log, "mean_logit")).containsExactly("step 7, outcome.renewed: slots [1], must be slots []");
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
    void namesWhatIsMissing() {
        ListedLog log = log("one");
        log.change(
                Prediction.class,
                message -> message.filter(p -> p.step() != 9 || !p.peer().equals(PEERS.get(0))));
        log.change(Addressed.class, message -> message.filter(a -> a.step() != 3 || a.slot() != 2));
        log.change(Batch.class, message -> message.filter(b -> b.step() != 11));
        log.change(Outcome.class, message -> message.filter(o -> o.step() != STEPS));

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
        log.change(Outcome.class, message -> message.filter(o -> o.step() < 4 || o.step() > 6));

        assertThat(findings(log, "mean_logit"))
                .containsExactly("step 4, outcome: steps 4 to 6 of the run have no outcome in the log");
    }

    @Test
    void ignoresRecordsThatEveryReaderIgnores() {
        ListedLog log = log("mean_logit");
        ListedLog other = log("mean_logit");
        other.change(Outcome.class, message -> {
            log.append(message.orElseThrow()); // of another coordinator that was late
            return message;
        });
        log.append(run.prediction(PEERS.get(0), 3));
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
    void reportsUnreadableRecords() {
        ListedLog log = log("mean_logit");
        log.putFirst(new RecordedLog.Unreadable(Topic.OUTCOMES, 0, 17, OptionalLong.of(18), "bad checksum"));

        assertThat(findings(log, "mean_logit")).containsExactly("outcomes-0 offsets 17 to 18: bad checksum");
    }

    @Test
    void believesNoBatchThatWasNotPlanned() {
        Verification verification = new Verification(
                log("mean_logit"),
                SmallRun.teacher("mean_logit"),
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
                .isEqualTo("step 1, outcome: has targets, which this method never produces");
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
