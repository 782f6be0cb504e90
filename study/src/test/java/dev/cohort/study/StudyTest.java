package dev.cohort.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StudyTest {
    private static final Ints TEST_LABELS = Ints.of(0, 1, 2, 0);

    private final SmallRun run = new SmallRun();

    private static WhatIf of(String method) {
        return WhatIf.asRecorded(new Experiment.Method(method, Map.of()));
    }

    private static WhatIf of(String method, Set<PeerId> without, Set<PeerId> only) {
        return new WhatIf(
                "x", new Experiment.Method(method, Map.of()), without, only, OptionalInt.empty(), OptionalLong.empty());
    }

    private static List<Study.Answer> answers(ListedLog log, WhatIf... whatIfs) {
        return new Study(
                        log,
                        List.of(whatIfs),
                        whatIf -> SmallRun.teacher(whatIf.method()),
                        step -> 0.1,
                        TEST_LABELS,
                        SmallRun.CLASSES)
                .answers(step -> {});
    }

    @ParameterizedTest
    @ValueSource(strings = {"mean_logit", "dml", "one", "okddip", "adaptive", "kdcl_minlogit"})
    void itsOwnSettingsGiveExactlyTheRecordedTeachers(String method) {
        Study.Answer answer = answers(run.log(method), of(method)).get(0);

        assertThat(answer.steps()).isEqualTo(SmallRun.STEPS);
        assertThat(answer.differing()).isZero();
        assertThat(answer.untaught()).isZero();
    }

    @Test
    void anotherMethodDiffersAndIsWhatARunOfItWouldHaveTaught() {
        ListedLog recorded = run.log("mean_logit");
        ListedLog fresh = new SmallRun().log("kdcl_minlogit");

        List<Study.Answer> answers = answers(recorded, of("mean_logit"), of("kdcl_minlogit"));
        Study.Answer own = answers(fresh, of("kdcl_minlogit")).get(0);

        assertThat(answers.get(1).differing()).isEqualTo(SmallRun.STEPS);
        assertThat(answers.get(1).taught().accuracy()).isEqualTo(own.taught().accuracy());
        assertThat(answers.get(1).taught().negativeLogLikelihood())
                .isEqualTo(own.taught().negativeLogLikelihood());
        assertThat(answers.get(1).agreement().orElseThrow()).isBetween(0.2, 0.999);
        assertThat(answers.get(0).agreement()).hasValue(1);
    }

    @Test
    void leavesOutTheGivenPeers() {
        PeerId p2 = new PeerId("p2");
        ListedLog log = run.log("mean_logit");

        List<Study.Answer> answers = answers(
                log,
                of("mean_logit", Set.of(p2), Set.of()),
                of("mean_logit", Set.of(), Set.of(new PeerId("p1"), new PeerId("p3"))),
                of("mean_logit", Set.of(), Set.of(p2)));

        assertThat(answers.get(0).differing()).isEqualTo(SmallRun.STEPS);
        assertThat(answers.get(0).taught().negativeLogLikelihood())
                .isEqualTo(answers.get(1).taught().negativeLogLikelihood());
        assertThat(answers.get(2).untaught()).as("one peer is no ensemble").isEqualTo(SmallRun.STEPS);
    }

    @Test
    void testsTheTeacherWhereThePeersWereTested() {
        Study.Answer answer = answers(run.log("mean_logit"), of("mean_logit")).get(0);

        assertThat(answer.tested()).hasSize(1);
        assertThat(answer.tested().get(0).step()).isEqualTo(SmallRun.STEPS);
        assertThat(answer.tested().get(0).score().rows()).isEqualTo(TEST_LABELS.size());
    }

    @Test
    void refusesAMethodWhoseInputsWereNotRecorded() {
        ListedLog log = run.log("mean_logit");
        log.change(
                Prediction.class,
                message -> message.map(p -> new Prediction(
                        p.step(),
                        p.part(),
                        p.peer(),
                        p.incarnation(),
                        p.version(),
                        NamedTensors.of(TensorName.LOGITS, p.logits()),
                        p.rendered(),
                        p.previous())));

        assertThatThrownBy(() -> answers(log, of("one")))
                .hasMessageContaining("method one reads features of every peer, which was not recorded");
    }

    @Test
    void choosesByTheTimeOfTheBroker() {
        List<Contribution> all = new ArrayList<>();
        for (int slot = 0; slot < 3; slot++) {
            Prediction published = run.prediction(SmallRun.PEERS.get(slot), 1);
            all.add(new Contribution(
                    new Teacher.PeerPrediction(published.peer(), slot, published.tensors()), 100 + 50L * (2 - slot)));
        }
        Experiment.Method method = new Experiment.Method("mean_logit", Map.of());

        assertThat(new WhatIf("x", method, Set.of(), Set.of(), OptionalInt.of(2), OptionalLong.empty()).chosen(all))
                .containsExactly(all.get(1), all.get(2));
        assertThat(new WhatIf("x", method, Set.of(), Set.of(), OptionalInt.empty(), OptionalLong.of(60)).chosen(all))
                .containsExactly(all.get(1), all.get(2));
        assertThat(new WhatIf("x", method, Set.of(), Set.of(), OptionalInt.empty(), OptionalLong.of(100)).chosen(all))
                .hasSize(3);
    }

    @Test
    void scoresProbabilities() {
        Score score = new Score();
        SoftLabels labels = new SoftLabels(2, List.of(Ints.of(0, 1)), List.of(1.0));
        score.add(new double[] {0.8, 0.2, 0.6, 0.4}, labels);

        assertThat(score.accuracy()).isEqualTo(0.5);
        assertThat(score.negativeLogLikelihood()).isCloseTo(-(Math.log(0.8) + Math.log(0.4)) / 2, within(1e-12));
        assertThat(score.brier()).isCloseTo((0.08 + 0.72) / 2, within(1e-12));
        assertThat(score.calibrationError()).isCloseTo((0.2 + 0.6) / 2, within(1e-12));
    }
}
