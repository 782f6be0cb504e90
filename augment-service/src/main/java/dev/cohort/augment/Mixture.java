package dev.cohort.augment;

import dev.cohort.augment.Draws.Purpose;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Experiment.Mix.Mixing;
import dev.cohort.protocol.Box;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Recipe;
import dev.cohort.tensor.Ints;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;

/**
 * How the rows of one batch are mixed.
 *
 * @param partners one permutation of the rows per further source
 * @param blend weight of the row's own image, if pixels are blended
 * @param weights label weights of the row's own image and of each partner, summing to 1
 * @param boxes per view, the boxes to paint, box k from partner k; a single entry is shared by all slots
 */
record Mixture(List<Ints> partners, OptionalDouble blend, List<Double> weights, List<List<Box>> boxes) {
    private static final Mixture NONE =
            new Mixture(List.of(), OptionalDouble.empty(), List.of(1.0), List.of(List.of()));

    /** The mixture of one step, a function of (seed, step). */
    static Mixture draw(Experiment experiment, ImageShape shape, long step, int rows) {
        Experiment.Mix mix = experiment.mix();
        Draws draws = Draws.of(experiment.run().seed(), Purpose.MIXING, step, 0);
        if (mix.kind() == Mixing.NONE || draws.unit() >= mix.probability()) {
            return NONE;
        }
        double lambda = draws.beta(mix.alpha());
        List<Ints> partners = new ArrayList<>();
        for (int i = 0; i < (mix.kind() == Mixing.CUTMIX_MULTI ? mix.n() : 1); i++) {
            partners.add(Ints.of(draws.permutation(rows)));
        }
        return switch (mix.kind()) {
            case NONE -> NONE;
            case MIXUP -> blended(partners, lambda);
            case CUTMIX, CUTMIX_MULTI -> cut(shape, partners, List.of(sharedBoxes(experiment, shape, step, lambda)));
            case CUTMIX_PER_PEER -> cut(shape, partners, boxesPerSlot(experiment, shape, step, lambda));
        };
    }

    private static Mixture blended(List<Ints> partners, double lambda) {
        double blend = Math.floor(lambda * Recipe.BLEND_UNITS + 0.5) / Recipe.BLEND_UNITS;
        return new Mixture(partners, OptionalDouble.of(blend), List.of(blend, 1 - blend), List.of(List.of()));
    }

    private static Mixture cut(ImageShape shape, List<Ints> partners, List<List<Box>> boxes) {
        return new Mixture(partners, OptionalDouble.empty(), Cuts.weights(shape, boxes.get(0)), boxes);
    }

    /** The boxes of all slots; CutMix has one box. */
    private static List<Box> sharedBoxes(Experiment experiment, ImageShape shape, long step, double lambda) {
        int count = experiment.mix().kind() == Mixing.CUTMIX_MULTI
                ? experiment.mix().n()
                : 1;
        Draws draws = Draws.of(experiment.run().seed(), Purpose.BOXES, step, 0);
        List<Box> boxes = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            boxes.add(Cuts.clipped(shape, 1 - (1 - lambda) / count, draws));
        }
        return boxes;
    }

    private static List<List<Box>> boxesPerSlot(Experiment experiment, ImageShape shape, long step, double lambda) {
        List<List<Box>> boxes = new ArrayList<>();
        for (int slot = 0; slot < experiment.elastic().max(); slot++) {
            Draws draws = Draws.of(experiment.run().seed(), Purpose.BOXES, step, slot);
            boxes.add(List.of(Cuts.unclipped(shape, lambda, draws)));
        }
        return boxes;
    }

    List<Box> boxes(int slot) {
        return boxes.size() == 1 ? boxes.get(0) : boxes.get(slot);
    }
}
