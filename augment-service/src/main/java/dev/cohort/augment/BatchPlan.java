package dev.cohort.augment;

import dev.cohort.augment.Draws.Purpose;
import dev.cohort.augment.data.ImageData;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Experiment.Mix.Mixing;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Recipe;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.tensor.Ints;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Plans the images of each step, how they are cropped, flipped and mixed, and their labels: a pure function of (experiment,
 * labels of the training images, step). Any step can be computed directly; nothing is kept between calls.
 *
 * <p>An epoch visits every training image once, in an order drawn from (seed, epoch); its last batch holds the rest. With
 * probability {@code mix.probability} a batch is mixed:
 *
 * <ul>
 *   <li>{@code mixup} (Zhang et al. 2018): one lambda ~ Beta(alpha, alpha) and one permutation of the rows per batch. Lambda is
 *       rounded to a multiple of 1/{@value Recipe#BLEND_UNITS}, so that labels and pixels have exactly the same weights.
 *   <li>{@code cutmix} (Yun et al. 2019): one permutation and one clipped box for the whole batch and all peers.
 *   <li>{@code cutmix_per_peer} (ours): one permutation and one lambda, and for every slot its own box of the same size, not
 *       clipped, so that all slots have the same label.
 *   <li>{@code cutmix_multi} (ours): n boxes, painted in order, each from its own permutation. Each has 1/n of the area 1 -
 *       lambda before clipping, so that more boxes do not mean more foreign pixels. The weight of a source is its share of the
 *       pixels.
 * </ul>
 *
 * <p>The last two are our interpretations of cuts for online distillation; the definition of CutnMix (Shen et al. 2022) was not
 * available to us.
 */
public final class BatchPlan {
    private final Experiment experiment;
    private final ImageShape shape;
    private final int classes;
    private final Ints trainLabels;

    /**
     * @param shape of the training images
     * @param classes number of classes
     * @param trainLabels class of each training image
     * @throws IllegalArgumentException when there are no images or a setting is impossible; the message names it
     */
    public BatchPlan(Experiment experiment, ImageShape shape, int classes, Ints trainLabels) {
        this.experiment = experiment;
        this.shape = shape;
        this.classes = classes;
        this.trainLabels = trainLabels;
        require(trainLabels.size() > 0, "data", "no training images", "at least one");
        require(
                experiment.run().batchSize() >= 1,
                "run.batch_size",
                experiment.run().batchSize(),
                "at least 1");
        require(
                experiment.augment().cropPadding() >= 0,
                "augment.crop_padding",
                experiment.augment().cropPadding(),
                "at least 0");
        require(
                experiment.elastic().max() >= 1,
                "elastic.max",
                experiment.elastic().max(),
                "at least 1");
        Experiment.Mix mix = experiment.mix();
        require(mix.alpha() > 0 && mix.alpha() <= 1e6, "mix.alpha", mix.alpha(), "above 0, at most 1e6");
        require(mix.probability() >= 0 && mix.probability() <= 1, "mix.probability", mix.probability(), "0 to 1");
        require(mix.kind() != Mixing.CUTMIX_MULTI || mix.n() >= 1, "mix.n", mix.n(), "at least 1");
        require(steps() >= 1, "run.epochs or run.steps", steps(), "at least 1");
    }

    /** The plan for {@code data}. */
    public static BatchPlan of(Experiment experiment, ImageData data) {
        return new BatchPlan(
                experiment, data.shape(), data.classes(), data.train().labels());
    }

    private static void require(boolean ok, String path, Object value, String must) {
        if (!ok) {
            throw new IllegalArgumentException(path + ": " + value + ": must be " + must);
        }
    }

    /**
     * The plan of one step: a {@link dev.cohort.protocol.Batch} without digests and pixels, which need rendering.
     *
     * @param step 1-based
     * @param epoch 0-based
     * @param endsEpoch whether it is the last batch of its epoch
     */
    public record Planned(long step, int epoch, boolean endsEpoch, SoftLabels labels, Recipe recipe) {}

    /** Batches per epoch; the last one may be smaller. */
    public int stepsPerEpoch() {
        return (trainLabels.size() - 1) / batchSize() + 1;
    }

    /** Batches of the run. */
    public long steps() {
        Experiment.Run run = experiment.run();
        return run.steps().orElseGet(() -> (long) run.epochs().orElse(0) * stepsPerEpoch());
    }

    /**
     * The batch of {@code step}, which may be beyond {@link #steps}.
     *
     * @throws IllegalArgumentException when {@code step} is below 1
     */
    public Planned batch(long step) {
        if (step < 1) {
            throw new IllegalArgumentException("step " + step + ": steps count from 1");
        }
        int epoch = Math.toIntExact((step - 1) / stepsPerEpoch());
        int inEpoch = (int) ((step - 1) % stepsPerEpoch());
        Ints samples = samples(epoch, inEpoch);
        Mixture mixture = Mixture.draw(experiment, shape, step, samples.size());
        List<Ints> classIds = new ArrayList<>();
        classIds.add(Ints.of(samples.stream().map(trainLabels::get).toArray()));
        for (Ints partner : mixture.partners()) {
            classIds.add(Ints.of(
                    partner.stream().map(samples::get).map(trainLabels::get).toArray()));
        }
        return new Planned(
                step,
                epoch,
                inEpoch == stepsPerEpoch() - 1,
                new SoftLabels(classes, classIds, mixture.weights()),
                new Recipe(
                        samples,
                        mixture.partners(),
                        mixture.blend(),
                        experiment.augment().cropPadding(),
                        views(step, samples.size(), mixture)));
    }

    /** Rows of the batch of {@code step}. */
    int rows(long step) {
        int inEpoch = (int) ((step - 1) % stepsPerEpoch());
        return Math.min(batchSize(), trainLabels.size() - inEpoch * batchSize());
    }

    private Ints samples(int epoch, int inEpoch) {
        int[] order = Draws.of(experiment.run().seed(), Purpose.ORDER, epoch, 0).permutation(trainLabels.size());
        int from = inEpoch * batchSize();
        return Ints.of(Arrays.copyOfRange(order, from, Math.min(order.length, from + batchSize())));
    }

    /** One view for all slots, unless slots differ. */
    private List<Recipe.View> views(long step, int rows, Mixture mixture) {
        boolean ownGeometry = experiment.augment().perPeer();
        int count =
                ownGeometry || mixture.boxes().size() > 1 ? experiment.elastic().max() : 1;
        Recipe.View shared = geometry(step, 0, rows);
        List<Recipe.View> views = new ArrayList<>();
        for (int slot = 0; slot < count; slot++) {
            Recipe.View own = ownGeometry && slot > 0 ? geometry(step, slot, rows) : shared;
            views.add(new Recipe.View(own.cropX(), own.cropY(), own.flip(), mixture.boxes(slot)));
        }
        return views;
    }

    private Recipe.View geometry(long step, int slot, int rows) {
        Draws draws = Draws.of(experiment.run().seed(), Purpose.GEOMETRY, step, slot);
        int corners = 2 * experiment.augment().cropPadding() + 1;
        int[] x = new int[rows];
        int[] y = new int[rows];
        int[] flip = new int[rows];
        for (int row = 0; row < rows; row++) {
            x[row] = draws.below(corners);
            y[row] = draws.below(corners);
            flip[row] = experiment.augment().flip() ? draws.below(2) : 0;
        }
        return new Recipe.View(Ints.of(x), Ints.of(y), Ints.of(flip), List.of());
    }

    private int batchSize() {
        return experiment.run().batchSize();
    }
}
