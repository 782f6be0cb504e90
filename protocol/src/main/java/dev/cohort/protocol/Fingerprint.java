package dev.cohort.protocol;

import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.Ints;
import java.util.List;

/**
 * Two digests by which runs are compared. Each is a chain {@code c = SHA-256(c, digest of the next record)}:
 *
 * <ul>
 *   <li>{@link #plan}: labels, recipes and pixel digests of the batches. The pixels themselves are left out, so recipe mode and
 *       pixel mode have the same fingerprint.
 *   <li>{@link #run}: the plan and all outcomes, over {@link Outcome#digest}, which names the predictions by digest. Clocks,
 *       hosts and coordinators are left out, and so is the incarnation of a peer: a peer that died and replayed published the
 *       same.
 * </ul>
 *
 * <p>Records come in the order of the log; the first of several for one step (and part) counts, as for all readers. Not
 * thread-safe.
 */
public final class Fingerprint {
    private static final Digest START = Digest.ofBytes(new byte[Digest.BYTES]);

    private Digest batches = START;
    private Digest outcomes = START;
    private long batchStep;
    private long outcomeStep;
    private int outcomePart;

    /** Adds the next batch; ignored if a batch of this or a later step came before. */
    public void batch(Batch batch) {
        if (batch.step() > batchStep) {
            batchStep = batch.step();
            batches = chain(batches, content(batch));
        }
    }

    /** Adds the next outcome; ignored if an outcome of this or a later (step, part) came before. */
    public void outcome(Outcome outcome) {
        boolean next = outcome.step() > outcomeStep || (outcome.step() == outcomeStep && outcome.part() > outcomePart);
        if (next) {
            outcomeStep = outcome.step();
            outcomePart = outcome.part();
            outcomes = chain(outcomes, withFirstStarts(outcome).digest());
        }
    }

    /** The fingerprint of all batches so far. */
    public Digest plan() {
        return batches;
    }

    /** The fingerprint of all batches and outcomes so far, independent of how they were interleaved. */
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
