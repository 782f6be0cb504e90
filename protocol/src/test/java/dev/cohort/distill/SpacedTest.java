package dev.cohort.distill;

import static dev.cohort.distill.FiniteDifferences.assertGradient;
import static dev.cohort.distill.FiniteDifferences.draws;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.protocol.SoftLabels;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SpacedTest {
    private static final SoftLabels LABELS =
            new SoftLabels(3, List.of(Ints.of(0, 2), Ints.of(1, 2)), List.of(0.6, 0.4));
    private static final SpacedLoss.Weights WEIGHTS = new SpacedLoss.Weights(0.3, 0.03, 3);

    private static SpacedLoss.Outputs outputs(long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return new SpacedLoss.Outputs(
                Tensor.of(DType.FLOAT64, draws(random, 6), 2, 3), Tensor.of(DType.FLOAT64, draws(random, 8), 2, 4));
    }

    @ParameterizedTest
    @EnumSource
    void gradientsAreThoseOfFiniteDifferences(SpacedLoss.Form form) {
        SpacedLoss.Outputs own = outputs(1);
        SpacedLoss loss = SpacedLoss.of(LABELS, own, outputs(2), WEIGHTS, form);

        assertGradient(
                "logits",
                loss.logits().toDoubles(),
                own.logits().toDoubles(),
                moved -> SpacedLoss.of(
                                LABELS,
                                new SpacedLoss.Outputs(Tensor.of(DType.FLOAT64, moved, 2, 3), own.features()),
                                outputs(2),
                                WEIGHTS,
                                form)
                        .loss());
        assertGradient(
                "features",
                loss.features().toDoubles(),
                own.features().toDoubles(),
                moved -> SpacedLoss.of(
                                LABELS,
                                new SpacedLoss.Outputs(own.logits(), Tensor.of(DType.FLOAT64, moved, 2, 4)),
                                outputs(2),
                                WEIGHTS,
                                form)
                        .loss());
    }

    @Test
    void whoEqualsTheTeacherIsPulledNowhere() {
        SpacedLoss equal = SpacedLoss.of(LABELS, outputs(1), outputs(1), WEIGHTS, SpacedLoss.Form.CLEAN);

        assertThat(equal.distance()).isZero();
        assertThat(equal.soft()).isZero();
        assertThat(equal.features().toDoubles()).containsOnly(0);
        assertThat(SpacedLoss.of(LABELS, outputs(1), outputs(1), WEIGHTS, SpacedLoss.Form.AS_CODED)
                        .soft())
                .as("what the code trains on is no divergence")
                .isNegative();
    }

    @Test
    void everyBatchIsTrainedOnAtMostOnceAndInOrder() {
        for (long interval = 0; interval < 7; interval++) {
            SpacedSchedule schedule = new SpacedSchedule(interval);
            long next = 1;
            for (long step = 1; step <= 20; step++) {
                if (schedule.isSession(step)) {
                    assertThat(schedule.firstBatch(step)).isEqualTo(next);
                    next = step + 1;
                }
            }
            for (long batch = 1; batch <= 20; batch++) {
                assertThat(schedule.isUsed(batch, 20)).isEqualTo(batch < next);
            }
        }
    }

    @Test
    void withoutSpacingTheStudentFollowsThePredictionBeforeTheUpdate() {
        SpacedSchedule plain = SpacedSchedule.of(10, 0);

        assertThat(plain).isEqualTo(SpacedSchedule.of(10, 0.09));
        assertThat(plain.teacherUpdates(4)).isEqualTo(3);
        assertThat(SpacedSchedule.of(10, 0.1).teacherUpdates(4)).isEqualTo(4);
    }

    @Test
    void saysWhatDoesNotFit() {
        assertThatThrownBy(() -> SpacedSchedule.of(10, -1)).hasMessageContaining("a rate that is not negative");
        assertThatThrownBy(() -> new SpacedSchedule(3).firstBatch(4))
                .hasMessage("step 4: must be a multiple of 3, else it has no session");
        assertThatThrownBy(() -> new SpacedSchedule(3).sessionOf(0))
                .hasMessage("batch 0: must be at least 1, the first one");
        assertThatThrownBy(() -> new SpacedLoss.Weights(1.5, 0, 1))
                .hasMessage("alpha 1.5 at temperature 1.0: must be from 0 to 1, and the temperature above 0");
    }
}
