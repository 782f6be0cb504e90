package dev.cohort.protocol;

import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.Ints;
import java.util.List;

/**
 * Two digests that say whether two runs were the same. Each is a chain {@code c = SHA-256(c, digest of the next record)}:
 *
 * <ul>
 *   <li>{@link #plan}: what was to be trained, over labels, recipes and digests of the batches. The pixels of pixel mode are
 *       not in it, since their digests are; so both modes of one plan have the same.
 *   <li>{@link #run}: the plan and what was said about it, over {@link Outcome#digest}, which names the predictions by digest.
 *       No clock, host or coordinator is in it, nor how often a peer was started: one that died and replayed said the same.
 * </ul>
 *
 * <p>Records come in the order of the log; of several for one step (and part) the first counts, as for everybody. One thread.
 */
public final class Fingerprint {
    private static final Digest START = Digest.ofBytes(new byte[Digest.BYTES]);

    private Digest batches = START;
    private Digest outcomes = START;
    private long batchStep;
    private long outcomeStep;
    private int outcomePart;

    /** Takes in the next batch; ignored when a batch of this or a later step was there before. */
    public void batch(Batch batch) {
        if (batch.step() > batchStep) {
            batchStep = batch.step();
            batches = chain(batches, content(batch));
        }
    }

    /** Takes in the next outcome; ignored when an outcome of this or a later (step, part) was there before. */
    public void outcome(Outcome outcome) {
        boolean next = outcome.step() > outcomeStep || (outcome.step() == outcomeStep && outcome.part() > outcomePart);
        if (next) {
            outcomeStep = outcome.step();
            outcomePart = outcome.part();
            outcomes = chain(outcomes, withFirstStarts(outcome).digest());
        }
    }

    /** Over all batches so far. */
    public Digest plan() {
        return batches;
    }

    /** Over all batches and outcomes so far; it does not matter how the two were interleaved. */
    public Digest run() {
        return chain(batches, outcomes);
    }

    private static Outcome withFirstStarts(Outcome outcome) {
        List<Outcome.Contributor> contributors = outcome.contributors().stream()
                .map(c -> new Outcome.Contributor(c.peer(), c.slot(), 1, c.version(), c.tensors()))
                .toList();
        return new Outcome(
                outcome.step(),
                outcome.part(),
                outcome.coordinator(),
                outcome.stateBefore(),
                contributors,
                outcome.renewed(),
                outcome.resolution());
    }

    private static Digest chain(Digest before, Digest next) {
        return new Hasher().digest(before).digest(next).digest();
    }

    private static Digest content(Batch batch) {
        Hasher hasher = new Hasher().number(batch.step()).number(batch.epoch()).number(batch.endsEpoch() ? 1 : 0);
        SoftLabels labels = batch.labels();
        hasher.number(labels.classes()).number(labels.weights().size());
        for (int source = 0; source < labels.weights().size(); source++) {
            hasher.number(labels.weights().get(source)).ints(labels.classIds().get(source));
        }
        recipe(batch.recipe(), hasher);
        hasher.number(batch.digests().size());
        batch.digests().forEach(hasher::digest);
        return hasher.digest();
    }

    private static void recipe(Recipe recipe, Hasher hasher) {
        hasher.ints(recipe.sampleIds()).number(recipe.partners().size());
        recipe.partners().forEach(hasher::ints);
        hasher.number(recipe.blend().isPresent() ? 1 : 0).number(recipe.blend().orElse(0));
        hasher.number(recipe.cropPadding()).number(recipe.views().size());
        for (Recipe.View view : recipe.views()) {
            hasher.ints(view.cropX()).ints(view.cropY()).ints(view.flip());
            hasher.number(view.boxes().size());
            view.boxes().forEach(box -> hasher.ints(Ints.of(box.x1(), box.y1(), box.x2(), box.y2())));
        }
    }
}
