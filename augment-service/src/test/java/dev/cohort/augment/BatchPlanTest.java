package dev.cohort.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Experiment.Mix.Mixing;
import dev.cohort.protocol.Box;
import dev.cohort.protocol.Recipe;
import dev.cohort.tensor.Ints;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class BatchPlanTest {
    /** 43 images in batches of 8: 5 full ones and one of 3 per epoch. */
    private static final int IMAGES = 43;

    private static BatchPlan plan(Experiment experiment) {
        return BatchPlan.of(experiment, Fixtures.data(IMAGES));
    }

    private static BatchPlan plan(Mixing kind) {
        return plan(Fixtures.experiment(kind));
    }

    @Test
    void visitsEveryImageOnceAnEpochAndKeepsTheRest() {
        BatchPlan plan = plan(Mixing.NONE);

        assertThat(plan.stepsPerEpoch()).isEqualTo(6);
        assertThat(plan.steps()).isEqualTo(18);
        for (int epoch = 0; epoch < 3; epoch++) {
            List<Integer> visited = new ArrayList<>();
            for (int i = 1; i <= 6; i++) {
                BatchPlan.Planned planned = plan.batch(epoch * 6 + i);
                planned.recipe().sampleIds().stream().forEach(visited::add);
                assertThat(planned.epoch()).isEqualTo(epoch);
                assertThat(planned.endsEpoch()).isEqualTo(i == 6);
                assertThat(planned.recipe().rows()).isEqualTo(i == 6 ? 3 : 8).isEqualTo(plan.rows(planned.step()));
            }
            assertThat(visited)
                    .containsExactlyInAnyOrderElementsOf(
                            IntStream.range(0, IMAGES).boxed().toList());
        }
    }

    @Test
    void shufflesEveryEpochAndEverySeedDifferently() {
        Ints first = plan(Mixing.NONE).batch(1).recipe().sampleIds();
        Ints nextEpoch = plan(Mixing.NONE).batch(7).recipe().sampleIds();
        Ints otherSeed = plan(Fixtures.withSeed(Fixtures.experiment(Mixing.NONE), 2))
                .batch(1)
                .recipe()
                .sampleIds();

        assertThat(List.of(first, nextEpoch, otherSeed)).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @EnumSource(Mixing.class)
    void plansAnyStepDirectly(Mixing kind) {
        BatchPlan inOrder = plan(kind);
        List<BatchPlan.Planned> sequential =
                LongStream.rangeClosed(1, 18).mapToObj(inOrder::batch).toList();

        for (long step = 18; step >= 1; step -= 5) {
            assertThat(plan(kind).batch(step)).isEqualTo(sequential.get((int) step - 1));
        }
    }

    @Test
    void countsStepsWhenTheyAreGiven() {
        Experiment experiment = Fixtures.with(
                Fixtures.experiment(Mixing.NONE),
                new Experiment.Run("test", 1, OptionalInt.empty(), OptionalLong.of(50), 8));

        assertThat(plan(experiment).steps()).isEqualTo(50);
        assertThat(plan(experiment).batch(50).epoch()).isEqualTo(8);
    }

    @Test
    void givesTheLabelsOfTheImagesAndTheirPartners() {
        BatchPlan.Planned planned = plan(Mixing.MIXUP).batch(2);

        Ints samples = planned.recipe().sampleIds();
        Ints partner = planned.recipe().partners().get(0);
        for (int row = 0; row < samples.size(); row++) {
            assertThat(planned.labels().classIds().get(0).get(row)).isEqualTo(samples.get(row) % 5);
            assertThat(planned.labels().classIds().get(1).get(row)).isEqualTo(samples.get(partner.get(row)) % 5);
        }
    }

    @ParameterizedTest
    @EnumSource(Mixing.class)
    void labelWeightsAreNotNegativeAndSumToOne(Mixing kind) {
        BatchPlan plan = plan(kind);
        for (long step = 1; step <= 100; step++) {
            List<Double> weights = plan.batch(step).labels().weights();
            assertThat(weights).allSatisfy(w -> assertThat(w).isBetween(0.0, 1.0));
            assertThat(weights.stream().mapToDouble(w -> w).sum()).isCloseTo(1, within(1e-12));
        }
    }

    @Test
    void mixUpBlendsInMultiplesOfItsUnitAndLabelsWeighTheSame() {
        BatchPlan plan = plan(Mixing.MIXUP);
        for (long step = 1; step <= 50; step++) {
            BatchPlan.Planned planned = plan.batch(step);
            double blend = planned.recipe().blend().orElseThrow();
            assertThat(blend * Recipe.BLEND_UNITS % 1).isZero();
            assertThat(planned.labels().weights()).containsExactly(blend, 1 - blend);
            assertThat(planned.recipe().views()).hasSize(1);
            assertThat(planned.recipe().view(0).boxes()).isEmpty();
        }
    }

    @Test
    void cutMixSharesOneBoxAndLabelsWeighItsArea() {
        BatchPlan plan = plan(Mixing.CUTMIX);
        for (long step = 1; step <= 50; step++) {
            BatchPlan.Planned planned = plan.batch(step);
            assertThat(planned.recipe().views()).hasSize(1);
            assertThat(planned.recipe().view(3).boxes()).hasSize(1);
            double foreign = planned.recipe().view(0).boxes().get(0).area() / (12.0 * 16);
            assertThat(planned.labels().weights().get(1)).isCloseTo(foreign, within(1e-12));
        }
    }

    @Test
    void perPeerCutsDifferInPlaceButNotInSizePartnersOrLabels() {
        BatchPlan plan = plan(Mixing.CUTMIX_PER_PEER);
        int different = 0;
        for (long step = 1; step <= 50; step++) {
            BatchPlan.Planned planned = plan.batch(step);
            assertThat(planned.recipe().partners()).hasSize(1);
            assertThat(planned.recipe().views()).hasSize(4);
            List<Box> boxes = planned.recipe().views().stream()
                    .map(view -> view.boxes().get(0))
                    .toList();
            assertThat(boxes).allSatisfy(box -> {
                assertThat(box.x2() - box.x1())
                        .isEqualTo(boxes.get(0).x2() - boxes.get(0).x1());
                assertThat(box.y2() - box.y1())
                        .isEqualTo(boxes.get(0).y2() - boxes.get(0).y1());
            });
            assertThat(planned.labels().weights().get(0))
                    .isCloseTo(1 - boxes.get(0).area() / (12.0 * 16), within(1e-12));
            different += boxes.stream().distinct().count() > 1 ? 1 : 0;
            assertThat(planned.recipe().views())
                    .extracting(Recipe.View::cropX)
                    .containsOnly(planned.recipe().view(0).cropX());
        }
        assertThat(different).isGreaterThan(40);
    }

    @Test
    void aSlotKeepsItsViewWhenMoreSlotsAreAllowed() {
        Experiment few =
                Fixtures.with(Fixtures.experiment(Mixing.CUTMIX_PER_PEER), new Experiment.Augment(2, true, true));

        List<Recipe.View> views = plan(few).batch(5).recipe().views();

        assertThat(plan(Fixtures.withSlots(few, 9)).batch(5).recipe().views())
                .hasSize(9)
                .startsWith(views.toArray(Recipe.View[]::new));
    }

    @Test
    void oneOfManyCutsIsCutMix() {
        Experiment one = Fixtures.experiment(Mixing.CUTMIX_MULTI, 1, 1.0, 1);

        for (long step = 1; step <= 18; step++) {
            assertThat(plan(one).batch(step)).isEqualTo(plan(Mixing.CUTMIX).batch(step));
        }
    }

    @Test
    void manyCutsHavePartnersOfTheirOwnAndLabelsWeighWhatTheyOwn() {
        BatchPlan plan = plan(Mixing.CUTMIX_MULTI);
        for (long step = 1; step <= 17; step++) {
            BatchPlan.Planned planned = plan.batch(step);
            assertThat(planned.recipe().partners()).hasSize(3);
            assertThat(planned.labels().weights())
                    .isEqualTo(Cuts.weights(
                            Fixtures.data(IMAGES).shape(),
                            planned.recipe().view(0).boxes()));
        }
    }

    @Test
    void mixesWithTheGivenProbability() {
        assertThat(mixedOf(0)).isZero();
        assertThat(mixedOf(1)).isEqualTo(1000);
        assertThat(mixedOf(0.3)).isCloseTo(300, within(60L));
    }

    private static long mixedOf(double probability) {
        BatchPlan plan = plan(Fixtures.experiment(Mixing.CUTMIX, 1, probability, 1));
        return LongStream.rangeClosed(1, 1000)
                .filter(step -> !plan.batch(step).recipe().partners().isEmpty())
                .count();
    }

    @Test
    void anUnmixedBatchIsTheSameWhateverTheMixing() {
        BatchPlan.Planned none = plan(Mixing.NONE).batch(3);

        for (Mixing kind : Mixing.values()) {
            assertThat(plan(Fixtures.experiment(kind, 1, 0, 2)).batch(3)).isEqualTo(none);
        }
    }

    @Test
    void ownGeometryPerPeerLeavesImagesAndLabelsShared() {
        Experiment perPeer = Fixtures.with(Fixtures.experiment(Mixing.MIXUP), new Experiment.Augment(2, true, true));
        BatchPlan.Planned own = plan(perPeer).batch(4);
        BatchPlan.Planned shared = plan(Mixing.MIXUP).batch(4);

        assertThat(own.recipe().views()).hasSize(4).doesNotHaveDuplicates();
        assertThat(own.recipe().view(0)).isEqualTo(shared.recipe().view(0));
        assertThat(own.recipe().sampleIds()).isEqualTo(shared.recipe().sampleIds());
        assertThat(own.labels()).isEqualTo(shared.labels());
    }

    @Test
    void cropsAndFlipsWithinTheirRange() {
        Experiment still = Fixtures.with(Fixtures.experiment(Mixing.NONE), new Experiment.Augment(0, false, false));
        Recipe.View unmoved = plan(still).batch(1).recipe().view(0);
        assertThat(unmoved.cropX().stream()).containsOnly(0);
        assertThat(unmoved.cropY().stream()).containsOnly(0);
        assertThat(unmoved.flip().stream()).containsOnly(0);

        BatchPlan plan = plan(Mixing.NONE);
        List<Integer> corners = new ArrayList<>();
        List<Integer> flips = new ArrayList<>();
        for (long step = 1; step <= 18; step++) {
            plan.batch(step).recipe().view(0).cropX().stream().forEach(corners::add);
            plan.batch(step).recipe().view(0).flip().stream().forEach(flips::add);
        }
        assertThat(corners).containsOnly(0, 1, 2, 3, 4);
        assertThat(flips).containsOnly(0, 1);
    }

    @Test
    void refusesImpossibleSettingsByName() {
        refuses(Fixtures.experiment(Mixing.MIXUP, 0, 1, 1), "mix.alpha: 0.0");
        refuses(Fixtures.experiment(Mixing.MIXUP, 1, 1.5, 1), "mix.probability: 1.5");
        refuses(Fixtures.experiment(Mixing.CUTMIX_MULTI, 1, 1, 0), "mix.n: 0");
        refuses(Fixtures.withSlots(Fixtures.experiment(Mixing.NONE), 0), "elastic.max: 0");
        refuses(
                Fixtures.with(Fixtures.experiment(Mixing.NONE), new Experiment.Augment(-1, true, false)),
                "augment.crop_padding: -1");
        refuses(
                Fixtures.with(
                        Fixtures.experiment(Mixing.NONE),
                        new Experiment.Run("test", 1, OptionalInt.of(1), OptionalLong.empty(), 0)),
                "run.batch_size: 0");
        refuses(
                Fixtures.with(
                        Fixtures.experiment(Mixing.NONE),
                        new Experiment.Run("test", 1, OptionalInt.of(0), OptionalLong.empty(), 8)),
                "run.epochs or run.steps: 0");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> plan(Mixing.NONE).batch(0))
                .withMessageContaining("step 0");
    }

    private static void refuses(Experiment experiment, String what) {
        assertThatIllegalArgumentException().isThrownBy(() -> plan(experiment)).withMessageContaining(what);
    }
}
