package dev.cohort.study;

import static dev.cohort.study.FaultyRun.PEERS;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Command;
import dev.cohort.protocol.End;
import dev.cohort.protocol.Heartbeat;
import dev.cohort.protocol.Joining;
import dev.cohort.protocol.Left;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.PeerState;
import dev.cohort.protocol.Rejection;
import dev.cohort.protocol.Standing;
import dev.cohort.protocol.StandingChange;
import dev.cohort.protocol.Topic;
import dev.cohort.protocol.wire.Decoding;
import dev.cohort.protocol.wire.Reason;
import dev.cohort.runtime.RecordedLog;
import dev.cohort.study.diagnosis.Checkup;
import dev.cohort.study.diagnosis.Diagnosis;
import dev.cohort.study.diagnosis.Diagnosis.Severity;
import dev.cohort.study.diagnosis.Opinion;
import dev.cohort.tensor.Hasher;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

/** Each fault is found by its rule, with its numbers, and by no other; a healthy run has none. */
class CheckupTest {
    private static final int CORES = 4;

    private final FaultyRun run = new FaultyRun();

    private Checkup.Report report(ListedLog log) {
        return new Checkup(log, FaultyRun.CLASSES, PEERS, OptionalInt.of(CORES))
                .report(SmallRun.teacher(run.method, FaultyRun.CLASSES), step -> 0.1, run.steps, step -> {});
    }

    private static List<String> words(Checkup.Report report) {
        return report.found().stream()
                .map(d -> d.severity() + " " + d.finding())
                .toList();
    }

    private Diagnosis only(ListedLog log, Severity severity, String finding) {
        Checkup.Report report = report(log);
        assertThat(words(report)).containsExactly(severity + " " + finding);
        assertThat(report.healthy()).isEqualTo(severity != Severity.SEVERE);
        return report.found().get(0);
    }

    private static Experiment.Method weighed(double weight) {
        return new Experiment.Method("mean_logit", Map.of("weight", Double.toString(weight)));
    }

    @Test
    void findsNothingInAHealthyRun() {
        for (String name : List.of("mean_logit", "dml", "one")) {
            run.method = new Experiment.Method(name, Map.of());
            Checkup.Report report = report(run.log());
            assertThat(words(report)).as(name).isEmpty();
            assertThat(report.opinions().stream()
                            .filter(o -> o.tooShort().isPresent())
                            .map(Opinion::subject))
                    .as(name)
                    .isEmpty();
        }
    }

    @Test
    void doesNotJudgeARunThatIsTooShort() {
        run.steps = 10;
        run.alike = true;
        run.wrongTeacher = true;
        run.crossEntropy = 9;
        run.silent = step -> true;
        run.lacking = 5;

        Checkup.Report report = report(run.log());

        assertThat(words(report)).isEmpty();
        assertThat(report.opinions())
                .filteredOn(o -> o.tooShort().isPresent())
                .extracting(Opinion::subject)
                .contains("scale of the distillation", "teacher", "diversity", "participation", "staleness", "losses");
    }

    @Test
    void namesAPeerThatDivergedAndARunThatWasAborted() {
        ListedLog log = run.log();
        PeerId peer = PEERS.get(1);
        log.append(new Left(
                peer,
                1,
                "diverged",
                Optional.empty(),
                Optional.of(new Left.Divergence(7, "its logits are not finite: lower optimizer.learning_rate"))));
        log.append(new Command(Command.Kind.ABORT, Optional.empty(), "diverged: p2 at step 7"));
        log.append(new End(run.steps + 3, "planned"));

        Checkup.Report report = report(log);

        assertThat(words(report)).contains("SEVERE peer p2 diverged", "SEVERE the run was aborted");
        assertThat(words(report)).noneMatch(w -> w.contains("rarely contributes") || w.contains("parts of the log"));
        assertThat(report.healthy()).isFalse();
        assertThat(report.found().get(0).evidence()).startsWith("at step 7: its logits are not finite");
        assertThat(report.found().get(0).setting()).isEqualTo("optimizer.learning_rate");
    }

    @Test
    void findsSoftTargetsThatDrownTheLabels() {
        run.method = weighed(100);
        Diagnosis found = only(run.log(), Severity.WARNING, "the soft targets drown the labels");
        assertThat(found.evidence()).contains("200 steps", "ratio");
        assertThat(found.setting()).contains("method.weight");
    }

    @Test
    void findsSoftTargetsWithoutWeight() {
        run.method = weighed(0.001);
        only(run.log(), Severity.WARNING, "the soft targets have no weight");
    }

    @Test
    void findsATeacherThatGuesses() {
        run.guessing = true;
        Diagnosis found = only(run.log(), Severity.WARNING, "students imitate a teacher that guesses");
        assertThat(found.evidence()).contains("chance: 25.0 %");
        assertThat(found.setting()).isEqualTo("method.ramp_up_epochs");
    }

    @Test
    void findsATeacherThatIsWorseThanItsStudents() {
        run.wrongTeacher = true;
        assertThat(words(report(run.log()))).contains("WARNING the teacher is worse than its students");
    }

    @Test
    void findsPeersThatSayTheSame() {
        run.alike = true;
        assertThat(words(report(run.log()))).contains("WARNING the peers predict the same, right or wrong");
    }

    @Test
    void findsAPeerThatRarelyContributes() {
        run.silent = step -> step % 4 != 0;
        Diagnosis found = only(run.log(), Severity.WARNING, "peer p3 rarely contributes");
        assertThat(found.evidence()).contains("50 of 200 outcomes", "25.0 %");

        run.silent = step -> step > 10;
        only(run.log(), Severity.SEVERE, "peer p3 rarely contributes");
    }

    @Test
    void findsAPeerThatTheTeacherIgnores() {
        run.method = new Experiment.Method("kdcl_linear", Map.of());
        run.ignorant = true;
        Diagnosis found = only(run.log(), Severity.WARNING, "peer p3 is ignored");
        assertThat(found.evidence()).contains("an equal share would be 33.3 %");
    }

    @Test
    void aPeerThatWasAskedToGoIsNotMissed() {
        run.silent = step -> step > 10;
        ListedLog log = run.log();
        log.append(new Left(PEERS.get(2), 1, "drained", Optional.empty()));
        assertThat(words(report(log))).isEmpty();
    }

    @Test
    void findsStaleTeachers() {
        run.lacking = 4;
        Diagnosis found = only(run.log(), Severity.WARNING, "peer p2 teaches with old weights");
        assertThat(found.evidence()).contains("at most 4");
    }

    @Test
    void findsPeersThatDiverge() {
        run.crossEntropy = 5;
        Checkup.Report report = report(run.log());
        assertThat(words(report)).hasSize(3).allMatch(w -> w.endsWith("is worse than guessing"));
        assertThat(report.healthy()).isFalse();
    }

    @Test
    void findsPeersThatUseNoTargets() {
        run.taught = false;
        assertThat(words(report(run.log()))).hasSize(3).allMatch(w -> w.endsWith("does not use its targets"));
    }

    @Test
    void findsAnOrderThatRepeats() {
        run.repeated = true;
        Diagnosis found = only(run.log(), Severity.WARNING, "the order of the images repeats");
        assertThat(found.evidence()).contains("9 of 10 epochs");
    }

    @Test
    void findsSortedImages() {
        run.sorted = true;
        run.repeated = true;
        assertThat(words(report(run.log())))
                .contains(
                        "WARNING the order of the images repeats",
                        "WARNING images of one class follow one another",
                        "WARNING batches are not balanced");
    }

    @Test
    void findsPredictionsThatWereRefused() {
        ListedLog log = run.log();
        log.append(new Rejection(7, 0, PEERS.get(1), Rejection.Reason.DIGEST, "digest 1, the batch is 2"));
        log.append(new Rejection(9, 0, PEERS.get(1), Rejection.Reason.DIGEST, "digest 3, the batch is 4"));
        Diagnosis found = only(log, Severity.SEVERE, "a peer renders different images");
        assertThat(found.evidence()).contains("p2 2", "steps 7 to 9", "digest 3");

        ListedLog other = run.log();
        other.append(new Rejection(7, 0, PEERS.get(0), Rejection.Reason.NOT_FINITE, "NaN in logits"));
        only(other, Severity.SEVERE, "a peer diverged: its predictions are not finite");

        ListedLog foreign = run.log();
        foreign.append(new Rejection(7, 0, PEERS.get(0), Rejection.Reason.MALFORMED, "no digest of the images"));
        only(foreign, Severity.SEVERE, "predictions that cannot be read");

        ListedLog astray = run.log();
        astray.append(new Rejection(7, 0, PEERS.get(0), Rejection.Reason.PARTITION, "partition 3, must be 1"));
        only(astray, Severity.SEVERE, "predictions on another peer's partition");
    }

    private static void standings(ListedLog log, PeerId peer, Standing... standings) {
        long step = 10;
        for (Standing standing : standings) {
            log.append(new StandingChange(peer, 1, standing, step, "because"));
            log.append(new StandingChange(peer, 1, standing, step, "published by another coordinator"));
            step += 10;
        }
    }

    @Test
    void findsPeersThatMissDeadlines() {
        ListedLog log = run.log();
        Standing late = Standing.LAGGING;
        Standing live = Standing.LIVE;
        standings(log, PEERS.get(0), live, late, live, late, live, late);
        standings(log, PEERS.get(1), live, late, live);
        Diagnosis found = only(log, Severity.WARNING, "peer p1 misses deadlines");
        assertThat(found.evidence()).contains("3 times, steps 20 to 60");
    }

    @Test
    void findsPeersThatComeAndGo() {
        ListedLog log = run.log();
        Standing gone = Standing.GONE;
        Standing late = Standing.LAGGING;
        Standing live = Standing.LIVE;
        standings(log, PEERS.get(1), live, gone, late, live, gone, late, live, gone);
        only(log, Severity.WARNING, "peer p2 is lost again and again");
    }

    @Test
    void findsPeersThatWereSetAside() {
        ListedLog log = run.log();
        standings(log, PEERS.get(1), Standing.LIVE, Standing.SET_ASIDE);
        only(log, Severity.SEVERE, "peer p2 was set aside");
    }

    private static Joining joining(PeerId peer, int threads) {
        return new Joining(peer, 1, "resnet8", "cpu", false, 2, 0, new Hasher().digest(), threads);
    }

    @Test
    void findsMoreThreadsThanCores() {
        ListedLog log = run.log();
        PEERS.forEach(peer -> log.append(joining(peer, 2)));
        Diagnosis found = only(log, Severity.WARNING, "more threads than cores");
        assertThat(found.evidence()).contains("3 peers", "6 threads on 4 cores");

        ListedLog fitting = run.log();
        PEERS.forEach(peer -> fitting.append(joining(peer, 1)));
        assertThat(words(report(fitting))).isEmpty();
    }

    @Test
    void findsThePeerThatTheOthersWaitFor() {
        ListedLog log = run.log();
        double[] waits = {0.7, 0.01, 0.6};
        for (int i = 0; i < PEERS.size(); i++) {
            log.append(new Heartbeat(
                    PEERS.get(i), 1, PeerState.TRAINING, run.steps, new Heartbeat.Figures(100, waits[i], 1, 1, 0.5)));
        }
        Diagnosis found = only(log, Severity.NOTE, "the others wait for peer p2");
        assertThat(found.evidence()).contains("p1 70.0 %", "p2 1.0 %");
    }

    @Test
    void findsALogThatCannotBeRead() {
        ListedLog log = run.log();
        log.putFirst(new RecordedLog.Unreadable(Topic.OUTCOMES, 0, 17, OptionalLong.of(18), "bad checksum"));
        Diagnosis found = only(log, Severity.SEVERE, "parts of the log are missing");
        assertThat(found.evidence()).contains("outcomes-0 offsets 17 to 18: bad checksum");
    }

    @Test
    void findsForeignRecords() {
        ListedLog log = run.log();
        log.putFirst(new RecordedLog.Refused(
                Topic.PREDICTIONS,
                0,
                0,
                0,
                new Decoding.Rejected(Reason.WRONG_RUN, "x", "another run", Optional.empty())));
        only(log, Severity.WARNING, "records that are not messages of this run");
    }
}
