package dev.cohort.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.protocol.Evaluation;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FinalTestTest {
    private static final Ints LABELS = Ints.of(0, 1, 0);

    /** Predicts class 0 or 1 for each of three images, with the given logits. */
    private static Tensor naming(double logit, int... classes) {
        double[] logits = new double[2 * classes.length];
        for (int row = 0; row < classes.length; row++) {
            logits[2 * row + classes[row]] = logit;
        }
        return Tensor.of(DType.FLOAT32, logits, classes.length, 2);
    }

    private static Evaluation test(long step, String source, double accuracy) {
        return new Evaluation(
                step, 0, false, source, accuracy, 1, NamedTensors.of(Map.of(TensorName.LOGITS, naming(1, 0, 1, 0))));
    }

    @Test
    void isTheLatestOfEachPeerAndNotTheTeachers() {
        ListedLog log = new ListedLog(1);
        log.append(test(20, "p1", 0.7));
        log.append(test(10, "p1", 0.9));
        log.append(test(20, Evaluation.TEACHER, 0.8));
        log.append(test(10, "p2", 0.6));

        List<FinalTest> tests = FinalTest.of(log, LABELS, 2);

        assertThat(tests).extracting(FinalTest::peer).containsExactly("p1", "p2");
        assertThat(tests).extracting(FinalTest::accuracy).containsExactly(0.7, 0.6);
        assertThat(tests.get(0).logits()).contains(naming(1, 0, 1, 0));
        assertThat(FinalTest.of(log, Ints.of(0, 1), 2).get(0).logits())
                .as("of other images")
                .isEmpty();
    }

    @Test
    void ensemblesOfKAreTheMeanOverAllChoicesOfK() {
        // Each is wrong about a different image and confident about the others, so the ensemble is right.
        List<Tensor> networks = List.of(naming(2, 1, 1, 0), naming(2, 0, 0, 0), naming(2, 0, 1, 1));

        List<Double> accuracies = FinalTest.ofEnsembles(networks, LABELS, 2);

        assertThat(accuracies).hasSize(3);
        assertThat(accuracies.get(0)).isCloseTo(2.0 / 3, within(1e-12));
        // Where two contradict each other, the mean is undecided and class 0 counts: the pairs are right on 2, 3 and 2
        // of three.
        assertThat(accuracies.get(1)).isCloseTo(7.0 / 9, within(1e-12));
        assertThat(accuracies.get(2)).isOne();
    }

    @Test
    void soManyNetworksHaveTooManySubsets() {
        List<Tensor> networks = Collections.nCopies(FinalTest.NETWORKS_MAX + 1, naming(1, 0, 1, 0));

        assertThatThrownBy(() -> FinalTest.ofEnsembles(networks, LABELS, 2))
                .hasMessage("ensembles of all subsets of 11 networks: must be at most 10");
    }
}
