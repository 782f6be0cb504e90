package dev.cohort.distill;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.experiment.Experiment.Optimizer;
import dev.cohort.experiment.Experiment.Schedule;
import java.util.List;
import org.junit.jupiter.api.Test;

class SchedulesTest {
    @Test
    void rampsUpAsThePublishedCodesDo() {
        assertThat(Schedules.rampUp(0, 80)).isCloseTo(0.006737947, within(1e-9));
        assertThat(Schedules.rampUp(20, 80)).isCloseTo(0.060054668, within(1e-9));
        assertThat(Schedules.rampUp(79, 80)).isCloseTo(0.999219055, within(1e-9));
        assertThat(Schedules.rampUp(80, 80)).isEqualTo(1);
        assertThat(Schedules.rampUp(500, 80)).isEqualTo(1);
    }

    @Test
    void hasFullWeightFromTheStartWithoutRampUp() {
        assertThat(Schedules.rampUp(0, 0)).isEqualTo(1);
    }

    @Test
    void startsAWeightAverageAsACopyAndThenTheRunningMean() {
        assertThat(Schedules.emaDecay(0, 0.999)).isZero();
        assertThat(Schedules.emaDecay(9, 0.999)).isEqualTo(0.9);
        assertThat(Schedules.emaDecay(5000, 0.999)).isEqualTo(0.999);
    }

    @Test
    void dropsTheRateAtEachMilestone() {
        LearningRate rate = rate(new Schedule(Schedule.Shape.STEP, List.of(2.0, 3.5), 0.1, 0), 10, 50);
        assertThat(rate.at(20)).isEqualTo(0.4);
        assertThat(rate.at(21)).isCloseTo(0.04, within(1e-15));
        assertThat(rate.at(35)).isCloseTo(0.04, within(1e-15));
        assertThat(rate.at(36)).isCloseTo(0.004, within(1e-15));
    }

    @Test
    void warmsUpLinearlyToTheFullRate() {
        LearningRate rate = rate(new Schedule(Schedule.Shape.CONSTANT, List.of(), 1, 0.5), 8, 50);
        assertThat(rate.at(1)).isCloseTo(0.1, within(1e-15));
        assertThat(rate.at(3)).isCloseTo(0.3, within(1e-15));
        assertThat(rate.at(4)).isEqualTo(0.4);
        assertThat(rate.at(49)).isEqualTo(0.4);
    }

    @Test
    void followsACosineToTheLastStep() {
        LearningRate rate = rate(new Schedule(Schedule.Shape.COSINE, List.of(), 1, 0), 10, 40);
        assertThat(rate.at(1)).isEqualTo(0.4);
        assertThat(rate.at(21)).isCloseTo(0.2, within(1e-15));
        assertThat(rate.at(40)).isPositive().isEqualTo(rate.at(41));
    }

    @Test
    void startsTheCosineAfterTheWarmUp() {
        LearningRate rate = rate(new Schedule(Schedule.Shape.COSINE, List.of(), 1, 1), 10, 40);
        assertThat(rate.at(5)).isCloseTo(0.2, within(1e-15));
        assertThat(rate.at(10)).isEqualTo(0.4);
        assertThat(rate.at(26)).isCloseTo(0.2, within(1e-15));
    }

    @Test
    void refusesAStepBeforeTheFirst() {
        LearningRate rate = rate(new Schedule(Schedule.Shape.CONSTANT, List.of(), 1, 0), 10, 40);
        assertThatThrownBy(() -> rate.at(0)).isInstanceOf(IllegalArgumentException.class);
    }

    private static LearningRate rate(Schedule schedule, long stepsPerEpoch, long stepsTotal) {
        return new LearningRate(new Optimizer(0.4, 0.9, false, 0, schedule), stepsPerEpoch, stepsTotal);
    }
}
