package dev.cohort.peer.djl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.peer.Learner.ForwardPass;
import dev.cohort.peer.Learner.Outputs;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GradientTest {
    private static final Images FIRST = Samples.images(1, 4, Samples.SMALL);
    private static final Images SECOND = Samples.images(2, 4, Samples.SMALL);
    private static final Tensor LOGITS_GRADIENT = Samples.numbers(3, 0.5, 4, Samples.CLASSES);
    private static final Tensor FEATURES_GRADIENT = Samples.numbers(4, 0.2, 4, 64);

    private final DjlLearner learner = ModelCatalog.create(Samples.small(DType.FLOAT64));

    @AfterEach
    void close() {
        learner.close();
    }

    @Test
    void injectedGradientsReachEveryWeightAsInFiniteDifferences() {
        NamedTensors weights = learner.snapshot();
        learner.backward(
                learner.forward(FIRST),
                NamedTensors.of(TensorName.LOGITS, LOGITS_GRADIENT).with(TensorName.FEATURES, FEATURES_GRADIENT));
        NamedTensors gradients = learner.gradients();
        Random random = new Random(5);

        assertThat(gradients.asMap()).hasSize(23);
        gradients.asMap().forEach((name, gradient) -> {
            int index = random.nextInt(gradient.size());
            double difference = slope(weights, name, index);
            assertThat(gradient.at(index)).as(name).isCloseTo(difference, within(1e-6 * Math.max(1, difference)));
        });
    }

    /** Central difference of the loss in one weight. */
    private double slope(NamedTensors weights, String name, int index) {
        double width = 1e-6;
        double value = weights.get(name).at(index);
        return (loss(Samples.withElement(weights, name, index, value + width))
                        - loss(Samples.withElement(weights, name, index, value - width)))
                / (2 * width);
    }

    /** The loss whose gradients are those injected: linear in logits and features. */
    private double loss(NamedTensors weights) {
        learner.restore(weights);
        try (ForwardPass pass = learner.forward(FIRST)) {
            Outputs outputs = pass.outputs();
            return dot(outputs.logits(), LOGITS_GRADIENT) + dot(outputs.features(), FEATURES_GRADIENT);
        }
    }

    private static double dot(Tensor a, Tensor b) {
        double sum = 0;
        for (int i = 0; i < a.size(); i++) {
            sum += a.at(i) * b.at(i);
        }
        return sum;
    }

    @Test
    void gradientsOfLogitsAloneAreThoseWithZeroFeatureGradients() {
        learner.backward(learner.forward(FIRST), NamedTensors.of(TensorName.LOGITS, LOGITS_GRADIENT));
        NamedTensors alone = learner.gradients();
        learner.restore(learner.snapshot());
        learner.backward(
                learner.forward(FIRST),
                NamedTensors.of(TensorName.LOGITS, LOGITS_GRADIENT)
                        .with(TensorName.FEATURES, Samples.numbers(0, 0, 4, 64)));

        assertClose(learner.gradients(), alone);
    }

    @Test
    void gradientsAddUpUntilTheUpdate() {
        NamedTensors first = gradientsOf(FIRST);
        NamedTensors second = gradientsOf(SECOND);
        learner.backward(learner.forward(FIRST), NamedTensors.of(TensorName.LOGITS, LOGITS_GRADIENT));
        learner.backward(learner.forward(SECOND), NamedTensors.of(TensorName.LOGITS, LOGITS_GRADIENT));
        NamedTensors both = learner.gradients();

        both.asMap().forEach((name, sum) -> {
            double worst = 0;
            for (int i = 0; i < sum.size(); i++) {
                worst = Math.max(
                        worst,
                        Math.abs(sum.at(i)
                                - first.get(name).at(i)
                                - second.get(name).at(i)));
            }
            assertThat(worst).as(name).isLessThan(1e-12);
        });
        learner.update(0.1);
        assertThat(learner.gradients()).isEqualTo(NamedTensors.none());
    }

    private NamedTensors gradientsOf(Images images) {
        NamedTensors start = learner.snapshot();
        learner.backward(learner.forward(images), NamedTensors.of(TensorName.LOGITS, LOGITS_GRADIENT));
        NamedTensors gradients = learner.gradients();
        learner.restore(start);
        return gradients;
    }

    @Test
    void parkedPassesFinishInAnyOrder() {
        try (DjlLearner other = ModelCatalog.create(Samples.small(DType.FLOAT64))) {
            learner.backward(learner.forward(FIRST), NamedTensors.of(TensorName.LOGITS, LOGITS_GRADIENT));
            learner.backward(learner.forward(SECOND), NamedTensors.of(TensorName.LOGITS, LOGITS_GRADIENT));
            learner.update(0.1);

            ForwardPass first = other.forward(FIRST);
            ForwardPass second = other.forward(SECOND);
            other.backward(second, NamedTensors.of(TensorName.LOGITS, LOGITS_GRADIENT));
            other.backward(first, NamedTensors.of(TensorName.LOGITS, LOGITS_GRADIENT));
            other.update(0.1);

            assertThat(other.snapshot()).isEqualTo(learner.snapshot());
        }
    }

    @Test
    void aPassFinishedAfterAnUpdateGivesTheGradientAtItsOwnWeights() {
        NamedTensors expected = gradientsOf(SECOND);
        ForwardPass first = learner.forward(FIRST);
        ForwardPass stale = learner.forward(SECOND);
        learner.backward(first, NamedTensors.of(TensorName.LOGITS, LOGITS_GRADIENT));
        learner.update(0.1);
        learner.backward(stale, NamedTensors.of(TensorName.LOGITS, LOGITS_GRADIENT));

        assertThat(learner.gradients()).isEqualTo(expected);
    }

    @Test
    void learnersOnTwoThreadsDoNotDisturbEachOther() throws Exception {
        Callable<NamedTensors> work = () -> {
            try (DjlLearner own = ModelCatalog.create(Samples.small(DType.FLOAT64))) {
                Samples.trainSmall(own, 0, 10);
                return own.snapshot();
            }
        };
        ExecutorService threads = Executors.newFixedThreadPool(2);
        try {
            Future<NamedTensors> one = threads.submit(work);
            Future<NamedTensors> two = threads.submit(work);
            Samples.trainSmall(learner, 0, 10);

            assertThat(one.get()).isEqualTo(learner.snapshot());
            assertThat(two.get()).isEqualTo(learner.snapshot());
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void aPassIsTrainedOnce() {
        ForwardPass pass = learner.forward(FIRST);
        learner.backward(pass, NamedTensors.of(TensorName.LOGITS, LOGITS_GRADIENT));

        assertThatThrownBy(() -> learner.backward(pass, NamedTensors.of(TensorName.LOGITS, LOGITS_GRADIENT)))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("trained or dropped before");
        assertThat(pass.outputs().logits().isFinite()).isTrue();
    }

    @Test
    void aGradientOfAnotherShapeIsRefusedAndThePassStaysOpen() {
        ForwardPass pass = learner.forward(FIRST);

        assertThatThrownBy(() -> learner.backward(
                        pass, NamedTensors.of(TensorName.LOGITS, Samples.numbers(1, 1, 3, Samples.CLASSES))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("gradient of the logits of shape [3, 3]: must be [4, 3], the shape of the output");
        learner.backward(pass, NamedTensors.of(TensorName.LOGITS, LOGITS_GRADIENT));
    }

    @Test
    void aPassOfAnotherLearnerIsRefused() {
        try (DjlLearner other = ModelCatalog.create(Samples.small(DType.FLOAT64))) {
            ForwardPass pass = other.forward(FIRST);

            assertThatThrownBy(() -> learner.backward(pass, NamedTensors.of(TensorName.LOGITS, LOGITS_GRADIENT)))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("forward pass of another learner");
        }
    }

    @Test
    void anUpdateNeedsAGradient() {
        learner.forward(FIRST).close();

        assertThatThrownBy(() -> learner.update(0.1))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("backward must come first");
    }

    private static void assertClose(NamedTensors actual, NamedTensors expected) {
        assertThat(actual.asMap().keySet()).isEqualTo(expected.asMap().keySet());
        actual.asMap().forEach((name, tensor) -> {
            double worst = 0;
            for (int i = 0; i < tensor.size(); i++) {
                worst = Math.max(
                        worst, Math.abs(tensor.at(i) - expected.get(name).at(i)));
            }
            assertThat(worst).as(name).isLessThan(1e-12);
        });
    }
}
