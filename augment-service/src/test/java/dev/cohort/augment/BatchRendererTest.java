package dev.cohort.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.cohort.augment.data.ImageData;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Experiment.Mix.Mixing;
import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Box;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.PixelRenderer;
import dev.cohort.protocol.Recipe;
import dev.cohort.tensor.Ints;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class BatchRendererTest {
    private static final ImageData DATA = Fixtures.data(43);
    private static final int H = DATA.shape().height();
    private static final int W = DATA.shape().width();
    private static final int C = DATA.shape().channels();

    private final BatchRenderer renderer = new BatchRenderer(DATA);

    /** A pixel value of one row before mixing, directly from the definition. */
    private static int expected(Recipe recipe, Recipe.View view, int row, int y, int x, int channel) {
        int column = view.flip().get(row) == 1 ? W - 1 - x : x;
        int sourceX = column + view.cropX().get(row) - recipe.cropPadding();
        int sourceY = y + view.cropY().get(row) - recipe.cropPadding();
        if (sourceX < 0 || sourceX >= W || sourceY < 0 || sourceY >= H) {
            return 0;
        }
        int image = recipe.sampleIds().get(row);
        return DATA.train().images().pixels().get(((image * H + sourceY) * W + sourceX) * C + channel) & 0xff;
    }

    private static int actual(Images images, int row, int y, int x, int channel) {
        return images.pixels().get(((row * H + y) * W + x) * C + channel) & 0xff;
    }

    /** Calls {@code check} for every value of every row. */
    private static void forAll(Recipe recipe, Check check) {
        for (int row = 0; row < recipe.rows(); row++) {
            for (int y = 0; y < H; y++) {
                for (int x = 0; x < W; x++) {
                    for (int channel = 0; channel < C; channel++) {
                        check.check(row, y, x, channel);
                    }
                }
            }
        }
    }

    private interface Check {
        void check(int row, int y, int x, int channel);
    }

    private static BatchPlan plan(Mixing kind) {
        return BatchPlan.of(Fixtures.experiment(kind), DATA);
    }

    @Test
    void cropsWithZeroPaddingAndFlips() {
        Recipe recipe = plan(Mixing.NONE).batch(1).recipe();

        Images images = renderer.render(recipe, 0);

        assertThat(recipe.view(0).flip().stream().sum()).isBetween(1, 7);
        forAll(
                recipe,
                (row, y, x, channel) -> assertThat(actual(images, row, y, x, channel))
                        .isEqualTo(expected(recipe, recipe.view(0), row, y, x, channel)));
    }

    @Test
    void paddingMayBeLargerThanTheImage() {
        Experiment wide = Fixtures.with(Fixtures.experiment(Mixing.NONE), new Experiment.Augment(20, true, false));
        BatchPlan plan = BatchPlan.of(wide, DATA);
        for (long step = 1; step <= 6; step++) {
            Recipe recipe = plan.batch(step).recipe();
            Images images = renderer.render(recipe, 0);
            forAll(
                    recipe,
                    (row, y, x, channel) -> assertThat(actual(images, row, y, x, channel))
                            .isEqualTo(expected(recipe, recipe.view(0), row, y, x, channel)));
        }
    }

    @Test
    void mixUpRoundsTheExactBlendHalfUp() {
        for (long step = 1; step <= 6; step++) {
            Recipe recipe = plan(Mixing.MIXUP).batch(step).recipe();
            BigDecimal own = BigDecimal.valueOf(recipe.blend().orElseThrow());
            Images images = renderer.render(recipe, 0);
            Ints partner = recipe.partners().get(0);
            forAll(recipe, (row, y, x, channel) -> {
                int first = expected(recipe, recipe.view(0), row, y, x, channel);
                int second = expected(recipe, recipe.view(0), partner.get(row), y, x, channel);
                BigDecimal exact = own.multiply(BigDecimal.valueOf(first))
                        .add(BigDecimal.ONE.subtract(own).multiply(BigDecimal.valueOf(second)));
                assertThat(actual(images, row, y, x, channel))
                        .isEqualTo(exact.setScale(0, RoundingMode.HALF_UP).intValueExact());
            });
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CUTMIX", "CUTMIX_PER_PEER", "CUTMIX_MULTI"})
    void everyPixelIsThatOfItsOwnerAtTheSamePlace(Mixing kind) {
        for (long step = 1; step <= 6; step++) {
            Recipe recipe = plan(kind).batch(step).recipe();
            for (int slot = 0; slot < recipe.views().size(); slot++) {
                Recipe.View view = recipe.view(slot);
                Images images = renderer.render(recipe, slot);
                int[] owners = Cuts.owners(DATA.shape(), view.boxes());
                forAll(recipe, (row, y, x, channel) -> {
                    int owner = owners[y * W + x];
                    int source =
                            owner == 0 ? row : recipe.partners().get(owner - 1).get(row);
                    assertThat(actual(images, row, y, x, channel))
                            .isEqualTo(expected(recipe, view, source, y, x, channel));
                });
            }
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"CUTMIX", "CUTMIX_PER_PEER", "CUTMIX_MULTI"})
    void foreignPixelsAreAsManyAsTheLabelsSay(Mixing kind) {
        ImageData flat = Fixtures.flatData(43);
        Experiment still = Fixtures.with(Fixtures.experiment(kind), new Experiment.Augment(0, false, false));
        BatchPlan plan = BatchPlan.of(still, flat);
        BatchRenderer flatRenderer = new BatchRenderer(flat);
        int compared = 0;
        for (long step = 1; step <= 40; step++) {
            BatchPlan.Planned planned = plan.batch(step);
            Recipe recipe = planned.recipe();
            for (int slot = 0; slot < recipe.views().size(); slot++) {
                ByteBuffer pixels = flatRenderer.render(recipe, slot).pixels();
                for (int row = 0; row < recipe.rows(); row++) {
                    int own = row;
                    if (recipe.partners().stream().anyMatch(p -> p.get(own) == own)) {
                        continue;
                    }
                    int foreign = 0;
                    for (int i = 0; i < H * W; i++) {
                        foreign += pixels.get(row * H * W + i)
                                        == recipe.sampleIds().get(row) + 1
                                ? 0
                                : 1;
                    }
                    double share = 1 - planned.labels().weights().get(0);
                    assertThat(foreign).isEqualTo((int) Math.round(share * H * W));
                    compared++;
                }
            }
        }
        assertThat(compared).isGreaterThan(100);
    }

    @Test
    void changesNothingExactlyWhenTheOwnWeightIsOne() {
        ImageData flat = Fixtures.flatData(40);
        Experiment.Augment still = new Experiment.Augment(0, false, false);
        BatchPlan plan = BatchPlan.of(Fixtures.with(Fixtures.experiment(Mixing.CUTMIX), still), flat);
        BatchPlan unmixed = BatchPlan.of(Fixtures.with(Fixtures.experiment(Mixing.NONE), still), flat);
        BatchRenderer flatRenderer = new BatchRenderer(flat);
        int unchanged = 0;
        for (long step = 1; step <= 300; step++) {
            BatchPlan.Planned planned = plan.batch(step);
            Images mixed = flatRenderer.render(planned.recipe(), 0);
            Images plain = flatRenderer.render(unmixed.batch(step).recipe(), 0);
            boolean equal = mixed.digest().equals(plain.digest());
            assertThat(equal)
                    .as("step " + step)
                    .isEqualTo(planned.labels().weights().get(0) == 1);
            unchanged += equal ? 1 : 0;
        }
        assertThat(unchanged).isBetween(1, 100);
    }

    @ParameterizedTest
    @EnumSource(Mixing.class)
    void pixelModeIsBitIdenticalToRecipeMode(Mixing kind) {
        BatchPlan.Planned planned = plan(kind).batch(3);
        Batch recipeMode = Fixtures.batch(planned, renderer);
        List<ByteBuffer> pixels = new ArrayList<>();
        for (int slot = 0; slot < planned.recipe().views().size(); slot++) {
            pixels.add(renderer.render(planned.recipe(), slot).pixels());
        }
        Batch pixelMode =
                new Batch(3, 0, false, planned.labels(), planned.recipe(), recipeMode.digests(), Optional.of(pixels));

        for (int slot = 0; slot < 4; slot++) {
            Images rendered = renderer.render(recipeMode, slot);
            Images unpacked = new PixelRenderer(renderer.testImages()).render(pixelMode, slot);
            assertThat(unpacked.pixels()).isEqualTo(rendered.pixels());
            assertThat(unpacked.digest())
                    .isEqualTo(rendered.digest())
                    .isEqualTo(renderer.render(pixelMode, slot).digest())
                    .isEqualTo(recipeMode.digest(slot));
        }
    }

    @Test
    void rendersTheSameBitsInEveryRelease() {
        List<String> digests = new ArrayList<>();
        for (Mixing kind : Mixing.values()) {
            digests.add(kind + " "
                    + renderer.render(plan(kind).batch(4).recipe(), 2).digest().shortHex());
        }

        // Recorded runs are rendered again from their plan: with another digest they could not be read.
        assertThat(digests)
                .containsExactly(
                        "NONE 71731c03",
                        "MIXUP 54dfa35f",
                        "CUTMIX 0598d843",
                        "CUTMIX_PER_PEER a0923919",
                        "CUTMIX_MULTI f0d77c57");
    }

    @Test
    void testImagesAreThoseOfTheData() {
        assertThat(renderer.testImages().digest())
                .isEqualTo(DATA.test().images().digest());
    }

    @Test
    void refusesARecipeThatDoesNotFitTheData() {
        Ints two = Ints.of(0, 1);
        Ints zeros = Ints.of(0, 0);
        List<Ints> none = List.of();
        OptionalDouble unblended = OptionalDouble.empty();
        Recipe.View still = new Recipe.View(zeros, zeros, zeros, List.of());

        refuses(
                () -> new Recipe(Ints.of(0, 43), none, unblended, 0, List.of(still)),
                "sample id 43 in row 1: must be 0 to 42");
        refuses(() -> new Recipe(Ints.of(-1, 0), none, unblended, 0, List.of(still)), "sample id -1");
        refuses(() -> new Recipe(two, none, unblended, -1, List.of(still)), "crop padding -1");
        refuses(
                () -> new Recipe(two, none, unblended, 1, List.of(view(Ints.of(0, 3), zeros, zeros))),
                "crop_x 3: must be 0 to 2");
        refuses(
                () -> new Recipe(two, none, unblended, 1, List.of(view(zeros, Ints.of(0, 3), zeros))),
                "crop_y 3: must be 0 to 2");
        refuses(
                () -> new Recipe(two, none, unblended, 1, List.of(view(zeros, zeros, two, box(0, 0, 1, 1)))),
                "1 boxes for 0 partners");
        refuses(
                () -> new Recipe(two, none, unblended, 1, List.of(view(zeros, zeros, Ints.of(2, 0)))),
                "flip 2: must be 0 to 1");
        refuses(
                () -> new Recipe(two, none, unblended, 1, List.of(view(Ints.of(0), zeros, zeros))),
                "crop_x of 1 rows: must be 2");
        refuses(
                () -> new Recipe(two, List.of(Ints.of(0, 2)), unblended, 0, List.of(still)),
                "partner row 2: must be 0 to 1");
        refuses(() -> new Recipe(two, List.of(two), unblended, 0, List.of(still)), "0 boxes for 1 partners");
        refuses(
                () -> new Recipe(two, List.of(two), unblended, 0, List.of(view(zeros, zeros, zeros, box(0, 0, 17, 1)))),
                "must lie within");
        refuses(() -> new Recipe(two, List.of(two), OptionalDouble.of(0.3), 0, List.of(still)), "blend 0.3: must be");
        refuses(() -> new Recipe(two, List.of(two), OptionalDouble.of(1.5), 0, List.of(still)), "blend 1.5: must be");
        refuses(
                () -> new Recipe(two, List.of(two), OptionalDouble.of(Double.NaN), 0, List.of(still)),
                "blend NaN: must be");
        refuses(
                () -> new Recipe(
                        two,
                        List.of(two),
                        OptionalDouble.of(0.5),
                        0,
                        List.of(view(zeros, zeros, zeros, box(0, 0, 1, 1)))),
                "blend with 1 boxes");
    }

    @Test
    void refusesASlotWithoutAView() {
        Recipe recipe = plan(Mixing.CUTMIX_PER_PEER).batch(1).recipe();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> renderer.render(recipe, 4))
                .withMessage("slot 4 of a batch with 4 views: must be 0 to 3");
    }

    @Test
    void refusesPixelsThatAreMissingOrOfAnotherSize() {
        BatchPlan.Planned planned = plan(Mixing.NONE).batch(1);
        Batch without = Fixtures.batch(planned, renderer);
        Batch wrong = new Batch(
                1,
                0,
                false,
                planned.labels(),
                planned.recipe(),
                without.digests(),
                Optional.of(List.of(ByteBuffer.allocate(10))));
        PixelRenderer pixels = new PixelRenderer(renderer.testImages());

        assertThatIllegalArgumentException()
                .isThrownBy(() -> pixels.render(without, 0))
                .withMessageContaining("step 1 has no pixels");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> pixels.render(wrong, 0))
                .withMessageContaining("pixels of 10 bytes");
    }

    /** Expects a refusal by the recipe's constructor or by the renderer. */
    private void refuses(Supplier<Recipe> recipe, String what) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> renderer.render(recipe.get(), 0))
                .withMessageContaining(what);
    }

    private static Recipe.View view(Ints x, Ints y, Ints flip, Box... boxes) {
        return new Recipe.View(x, y, flip, Arrays.asList(boxes));
    }

    private static Box box(int x1, int y1, int x2, int y2) {
        return new Box(x1, y1, x2, y2);
    }
}
