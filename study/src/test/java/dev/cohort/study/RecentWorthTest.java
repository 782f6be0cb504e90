package dev.cohort.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Prediction;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RecentWorthTest {
    private static final Ints LABELS = SmallRun.batch(1).labels().classIds().get(0);

    /** The logits of a peer for an image of a step. */
    private interface Opinion {
        double logit(long step, int row, int column);
    }

    /** Predicts the label, with this logit. */
    private static Opinion right(double logit) {
        return (step, row, column) -> LABELS.get(row) == column ? logit : 0;
    }

    /** Predicts another class, with this logit. */
    private static Opinion wrong(double logit) {
        return (step, row, column) -> (LABELS.get(row) + 1) % SmallRun.CLASSES == column ? logit : 0;
    }

    /** Predicts the label in every other step. */
    private static Opinion wavering(double logit) {
        return (step, row, column) -> (step % 2 == 0 ? right(logit) : wrong(logit)).logit(step, row, column);
    }

    private static ListedLog log(int steps, Opinion... opinions) {
        ListedLog log = new ListedLog(SmallRun.PEERS.size());
        for (long step = 1; step <= steps; step++) {
            log.append(SmallRun.batch(step));
            List<Outcome.Contributor> contributors = new ArrayList<>();
            for (int slot = 0; slot < opinions.length; slot++) {
                Prediction published = prediction(SmallRun.PEERS.get(slot), step, opinions[slot]);
                log.append(published);
                contributors.add(new Outcome.Contributor(
                        published.peer(), slot, 1, step - 1, published.tensors().digest()));
            }
            log.append(new Outcome(
                    step, 0, "c1", state(step), contributors, new Outcome.Skipped(Outcome.SkipReason.INDEPENDENT)));
        }
        return log;
    }

    private static Digest state(long step) {
        return SmallRun.batch(step).digests().get(0);
    }

    private static Prediction prediction(PeerId peer, long step, Opinion opinion) {
        double[] logits = new double[SmallRun.ROWS * SmallRun.CLASSES];
        for (int k = 0; k < logits.length; k++) {
            logits[k] = opinion.logit(step, k / SmallRun.CLASSES, k % SmallRun.CLASSES);
        }
        Tensor tensor = Tensor.of(DType.FLOAT32, logits, SmallRun.ROWS, SmallRun.CLASSES);
        return new Prediction(
                step,
                0,
                peer,
                1,
                step - 1,
                NamedTensors.of(Map.of(TensorName.LOGITS, tensor)),
                state(step),
                Optional.empty());
    }

    private static RecentWorth worth(ListedLog log, int stepsMax) {
        return RecentWorth.of(log, SmallRun.CLASSES, stepsMax);
    }

    @Test
    void onePeerThatMakesTheOthersWorseIsNamed() {
        RecentWorth worth = worth(log(30, right(1), right(1), wrong(9)), 200);

        assertThat(worth.burden().map(RecentWorth.Member::peer)).contains("p3");
        RecentWorth.Member p3 = worth.members().get(2);
        assertThat(p3.ownAccuracy()).isZero();
        assertThat(p3.accuracy().with()).isZero();
        assertThat(p3.accuracy().without()).isOne();
        assertThat(worth.members().get(0).burdens()).isFalse();
        assertThat(worth.members().get(0).accuracy().difference())
                .as("the others are wrong without it, as with it")
                .isZero();
    }

    @Test
    void figuresAreThoseOfTheMeanProbabilityWithAndWithoutThePeer() {
        RecentWorth.Member p2 = worth(log(4, right(1), wrong(2)), 200).members().get(1);

        double p1Label = Math.exp(1) / (Math.exp(1) + 2);
        double p2Label = 1 / (Math.exp(2) + 2);
        assertThat(p2.loss().without()).isCloseTo(-Math.log(p1Label), within(1e-6));
        assertThat(p2.loss().with()).isCloseTo(-Math.log((p1Label + p2Label) / 2), within(1e-6));
        assertThat(p2.ownLoss()).isCloseTo(-Math.log(p2Label), within(1e-6));
    }

    @Test
    void namesNoBurdenWithinTheNoise() {
        // Without it the ensemble is right in every step, with it in every other: a clear
        // difference.
        RecentWorth often = worth(log(60, right(1), wavering(5)), 200);
        assertThat(often.burden().map(RecentWorth.Member::peer)).contains("p2");

        // Wrong in one step of forty: one standard error.
        Opinion once = (step, row, column) -> (step == 7 ? wrong(5) : right(1)).logit(step, row, column);
        RecentWorth seldom = worth(log(40, right(1), once), 200);
        RecentWorth.Difference accuracy = seldom.members().get(1).accuracy();
        assertThat(accuracy.difference()).isCloseTo(-1.0 / 40, within(1e-12));
        assertThat(accuracy.standardError().orElseThrow()).isCloseTo(1.0 / 40, within(1e-12));
        assertThat(seldom.burden()).isEmpty();
        assertThat(seldom.leastMissed().map(RecentWorth.Member::peer)).contains("p2");
    }

    @Test
    void givesNoAdviceOnTooFewSteps() {
        RecentWorth worth = worth(log(RecentWorth.STEPS_MIN - 1, right(1), right(1), wrong(9)), 200);

        assertThat(worth.burden()).isEmpty();
        assertThat(worth.leastMissed()).isEmpty();
    }

    @Test
    void onlyTheLastStepsCount() {
        Opinion improved = (step, row, column) -> (step <= 50 ? wrong(9) : right(1)).logit(step, row, column);
        ListedLog log = log(80, right(1), right(1), improved);

        assertThat(worth(log, 200).burden()).isPresent();
        RecentWorth lately = worth(log, 30);
        assertThat(lately.fromStep()).isEqualTo(51);
        assertThat(lately.toStep()).isEqualTo(80);
        assertThat(lately.burden()).isEmpty();
    }

    @Test
    void aStepWithMissingPredictionsDoesNotCount() {
        ListedLog log = log(30, right(1), right(1), right(1));
        log.change(
                Prediction.class,
                message -> message.filter(p -> p.step() != 9 || !p.peer().equals(SmallRun.PEERS.get(1))));

        assertThat(worth(log, 200).steps()).isEqualTo(29);
    }

    @Test
    void doesNotDrainAPeerThatHasLeft() {
        ListedLog log = log(40, right(1), right(1), wrong(9));
        log.change(
                Outcome.class,
                message -> message.map(o -> o.step() <= 30
                        ? o
                        : new Outcome(
                                o.step(),
                                0,
                                "c1",
                                o.stateBefore(),
                                o.contributors().subList(0, 2),
                                o.resolution())));

        RecentWorth worth = worth(log, 200);
        assertThat(worth.members().get(2).burdens()).isTrue();
        assertThat(worth.members().get(2).present()).isFalse();
        assertThat(worth.burden()).isEmpty();
    }

    @Test
    void withoutContributorsThereIsNothingToCompare() {
        RecentWorth alone = worth(log(30, right(1)), 200);

        assertThat(alone.steps()).isZero();
        assertThat(alone.members()).isEmpty();
        assertThatThrownBy(() -> worth(log(3, right(1)), 0)).hasMessageContaining("window of 0 steps");
    }
}
