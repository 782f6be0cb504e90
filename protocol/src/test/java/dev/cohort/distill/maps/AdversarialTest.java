package dev.cohort.distill.maps;

import static dev.cohort.distill.FiniteDifferences.assertGradient;
import static dev.cohort.distill.FiniteDifferences.draws;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

/** Discriminators of maps, and peers that have them. */
class AdversarialTest {
    private static Tensor tensor(SplittableRandom random, int... shape) {
        return Tensor.of(DType.FLOAT64, draws(random, Arrays.stream(shape).reduce(1, (a, b) -> a * b)), shape);
    }

    private static FeatureMap map(SplittableRandom random, int... shape) {
        return FeatureMap.of(tensor(random, shape));
    }

    private static NamedTensors parameters(SplittableRandom random, int in, int between) {
        return NamedTensors.of(MapDiscriminator.FIRST_WEIGHT, tensor(random, between, in, 2, 2))
                .with(MapDiscriminator.GAMMA, tensor(random, between))
                .with(MapDiscriminator.BETA, tensor(random, between))
                .with(MapDiscriminator.SECOND_WEIGHT, tensor(random, 1, between, 2, 2))
                .with(MapDiscriminator.SECOND_BIAS, tensor(random, 1));
    }

    private static NamedTensors transfer(SplittableRandom random, int in, int out) {
        return NamedTensors.of(Adapter.WEIGHT, tensor(random, out, in, 1, 1))
                .with(MapAdapter.GAMMA, tensor(random, out))
                .with(MapAdapter.BETA, tensor(random, out));
    }

    private static void assertParameters(
            NamedTensors gradients, NamedTensors parameters, ToDoubleFunction<NamedTensors> loss) {
        assertThat(gradients.asMap().keySet()).isEqualTo(parameters.asMap().keySet());
        gradients.asMap().forEach((name, gradient) -> {
            int[] shape = parameters.get(name).shape().toArray();
            assertThat(gradient.shape().toArray()).as(name).isEqualTo(shape);
            assertGradient(
                    name,
                    gradient.toDoubles(),
                    parameters.get(name).toDoubles(),
                    moved -> loss.applyAsDouble(parameters.with(name, Tensor.of(DType.FLOAT64, moved, shape))));
        });
    }

    @Test
    void bothLossesHaveTheirGradientsAtAnyShape() {
        for (int seed = 0; seed < 6; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            int common = 1 + random.nextInt(3);
            int wide = common + 1;
            int height = 3 + random.nextInt(3);
            int width = 3 + random.nextInt(3);
            NamedTensors ofD = parameters(random, common, 1 + random.nextInt(3));
            NamedTensors ofT = transfer(random, wide, common);
            FeatureMap map = map(random, 3, wide, height, width);
            // Neither the images nor their number need to agree.
            FeatureMap teacher = map(random, 2, common, height, width);
            AdversarialPeer.Step step = step(ofT, ofD, map, teacher);

            assertParameters(
                    step.discriminator().parameters(),
                    ofD,
                    moved -> step(ofT, moved, map, teacher).discriminator().loss());
            assertGradient(
                    "map",
                    step.map().toDoubles(),
                    map.toDoubles(),
                    moved -> step(ofT, ofD, map.like(moved), teacher).loss());
            assertParameters(
                    step.transfer(),
                    ofT,
                    moved -> step(moved, ofD, map, teacher).loss());
        }
    }

    private static AdversarialPeer.Step step(NamedTensors ofT, NamedTensors ofD, FeatureMap map, FeatureMap teacher) {
        AdversarialPeer peer = new AdversarialPeer(new MapAdapter(ofT), new MapDiscriminator(ofD));
        return peer.learn(peer.publish(map), teacher);
    }

    @Test
    void theShiftOfATransferLayerIsNotTaught() {
        SplittableRandom random = new SplittableRandom(7);
        AdversarialPeer.Step step = step(
                transfer(random, 4, 3), parameters(random, 3, 2), map(random, 4, 4, 5, 5), map(random, 4, 3, 5, 5));

        assertThat(step.transfer().get(MapAdapter.BETA).toDoubles()).containsOnly(new double[] {0}, within(1e-15));
    }

    @Test
    void aDiscriminatorThatCannotTellLosesAHalf() {
        SplittableRandom random = new SplittableRandom(8);
        NamedTensors parameters = parameters(random, 2, 3)
                .with(MapDiscriminator.SECOND_WEIGHT, Tensor.of(DType.FLOAT64, new double[12], 1, 3, 2, 2))
                .with(MapDiscriminator.SECOND_BIAS, Tensor.of(DType.FLOAT64, new double[1], 1));
        MapDiscriminator blind = new MapDiscriminator(parameters);
        FeatureMap own = map(random, 4, 2, 5, 5);

        assertThat(blind.judge(own).toDoubles()).hasSize(16).containsOnly(0.5);
        assertThat(blind.train(own, map(random, 4, 2, 5, 5)).loss()).isEqualTo(0.5);
        assertThat(blind.deceive(own).loss()).isEqualTo(0.25);
        assertThat(blind.deceive(own).gradient()).isEqualTo(own.zeros());
    }

    @Test
    void withoutATransferLayerThePeerPublishesItsMap() {
        SplittableRandom random = new SplittableRandom(9);
        MapDiscriminator discriminator = new MapDiscriminator(parameters(random, 2, 3));
        AdversarialPeer peer = new AdversarialPeer(new Adapter.None(), discriminator);
        FeatureMap own = map(random, 4, 2, 4, 4);
        FeatureMap teacher = map(random, 4, 2, 4, 4);

        AdversarialPeer.Step step = peer.learn(peer.publish(own), teacher);

        assertThat(peer.publish(own).output()).isEqualTo(own);
        assertThat(step.map()).isEqualTo(discriminator.deceive(own).gradient());
        assertThat(step.transfer()).isEqualTo(NamedTensors.none());
        assertThat(step.discriminator()).isEqualTo(discriminator.train(own, teacher));
        assertThat(step.discriminator().ofOwn()).isEqualTo(discriminator.judge(own));
        assertThat(step.discriminator().ofTeacher()).isEqualTo(discriminator.judge(teacher));
    }

    @Test
    void aRingOfTwoIsAPair() {
        assertThat(AdversarialPeer.teacherOf(0, 2)).isEqualTo(1);
        assertThat(AdversarialPeer.teacherOf(1, 2)).isZero();
        assertThat(AdversarialPeer.teacherOf(0, 4)).isEqualTo(3);
        assertThat(AdversarialPeer.teacherOf(3, 4)).isEqualTo(2);
        assertThatThrownBy(() -> AdversarialPeer.teacherOf(0, 1))
                .hasMessage("peer 0 in a ring of 1: must be from 0 to below their number, at least 2");
    }

    @Test
    void saysWhatDoesNotFit() {
        SplittableRandom random = new SplittableRandom(10);
        NamedTensors parameters = parameters(random, 2, 3);
        MapDiscriminator discriminator = new MapDiscriminator(parameters);

        assertThatThrownBy(() -> new MapDiscriminator(
                        parameters.with(MapDiscriminator.SECOND_WEIGHT, tensor(random, 1, 2, 2, 2))))
                .hasMessage("conv2_weight of shape [1, 2, 2, 2]: must be [1, 3, 2, 2]");
        assertThatThrownBy(() -> new MapDiscriminator(
                        parameters.with(MapDiscriminator.FIRST_WEIGHT, tensor(random, 3, 2, 3, 3))))
                .hasMessage("conv1_weight of shape [3, 2, 3, 3]: must have a kernel of size 2");
        assertThatThrownBy(() -> new MapDiscriminator(parameters.with(MapDiscriminator.GAMMA, tensor(random, 2))))
                .hasMessage("bn_gamma of shape [2]: must be [3], one for each row of the conv1_weight");
        assertThatThrownBy(() -> discriminator.judge(map(random, 1, 2, 2, 2)))
                .hasMessage("kernel of size 2 on a map of height or width 1 with padding 0: must not be larger");
    }
}
