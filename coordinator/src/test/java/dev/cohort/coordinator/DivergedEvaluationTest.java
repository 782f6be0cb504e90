package dev.cohort.coordinator;

import static dev.cohort.coordinator.Cohort.P1;
import static dev.cohort.coordinator.Cohort.P2;
import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.coordinator.follow.TeacherEvaluations;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DivergedEvaluationTest {
    private static Evaluation evaluation(PeerId peer, double crossEntropy) {
        NamedTensors logits = NamedTensors.of(TensorName.LOGITS, Cohort.logits(1, 2, 2));
        return Evaluation.of(1, 0, true, peer.value(), 0.5, crossEntropy, logits);
    }

    private static TeacherEvaluations afterTheLastStep() {
        TeacherEvaluations evaluations = new TeacherEvaluations(Cohort.teacher("adaptive"), Ints.of(0, 1), true);
        Batch plain = Cohort.batch(1);
        Batch last = new Batch(1, 0, true, plain.labels(), plain.recipe(), plain.digests(), Optional.empty());
        evaluations.applied(
                last,
                NamedTensors.none(),
                List.of(
                        new Outcome.Contributor(P1, 0, 1, 0, Cohort.images(1)),
                        new Outcome.Contributor(P2, 1, 1, 0, Cohort.images(2))));
        assertThat(evaluations.settled()).isFalse();
        return evaluations;
    }

    @Test
    void aDivergedContributorKeepsNobodyWaitingForTheTeachersEvaluation() {
        TeacherEvaluations evaluations = afterTheLastStep();

        evaluations.add(evaluation(P1, 0.7));
        evaluations.add(evaluation(P2, Double.POSITIVE_INFINITY));

        assertThat(evaluations.next()).isEmpty();
        assertThat(evaluations.settled()).isTrue();
    }

    @Test
    void finiteOnesAreEvaluatedTogether() {
        TeacherEvaluations evaluations = afterTheLastStep();

        evaluations.add(evaluation(P1, 0.7));
        evaluations.add(evaluation(P2, 0.8));

        assertThat(evaluations.next()).map(Evaluation::source).contains(Evaluation.TEACHER);
        assertThat(evaluations.settled()).isTrue();
    }

    @Test
    void ofADivergedSourceNothingIsSaidButThat() {
        Evaluation diverged = evaluation(P2, Double.NaN);

        assertThat(diverged.diverged()).isTrue();
        assertThat(diverged.tensors()).isEqualTo(NamedTensors.none());
        assertThat(evaluation(P1, 0.7).diverged()).isFalse();
    }
}
