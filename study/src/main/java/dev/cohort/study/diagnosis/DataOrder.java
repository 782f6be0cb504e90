package dev.cohort.study.diagnosis;

import dev.cohort.protocol.Batch;
import dev.cohort.study.RecordedSteps;
import dev.cohort.study.diagnosis.Diagnosis.Severity;
import dev.cohort.study.view.Words;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Hasher;
import dev.cohort.tensor.Ints;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Checks that the order of the images is random: different in every epoch, not sorted by class, and each class as frequent in a
 * batch as in the data. Two tests: neighbours of equal class against {@code sum_c p_c^2}, and chi-square of the classes of the
 * batches, {@code sum over batches and classes (n_bc - B p_c)^2 / (B p_c)}, with p the shares over all batches.
 */
final class DataOrder implements Rule {
    static final long STEPS_MIN = 40;
    /** Standard deviations from the expected value: exceeded by chance in one run in a billion. */
    static final double DEVIATIONS_MAX = 6;
    /** Chi-square divided by its degrees of freedom: smaller ratios do no harm, however significant. */
    static final double SPREAD_MAX = 1.5;

    static final double NEIGHBOURS_MAX = 1.5;
    private static final int HEAD_STEPS = 5;
    private static final int HEAD_ROWS_MIN = 16;
    private static final String SUBJECT = "order of the data";

    private final double[] counts;
    private final double[] squares;
    private long rows;
    private long neighbours;
    private long alike;
    private long steps;
    private double batchRows;
    private int epoch = -1;
    private final List<Ints> head = new ArrayList<>();
    private Optional<Digest> headBefore = Optional.empty();
    private int repeats;
    private int epochs;

    DataOrder(int classes) {
        counts = new double[classes];
        squares = new double[classes];
    }

    @Override
    public void step(RecordedSteps.Step step, StepFigures figures) {
        step.batch().ifPresent(this::take);
    }

    private void take(Batch batch) {
        Ints labels = batch.labels().classIds().get(0);
        order(batch);
        if (steps == 0) {
            batchRows = labels.size();
        }
        if (labels.size() != batchRows) {
            return; // The last batch of an epoch may be smaller.
        }
        steps++;
        double[] inBatch = new double[counts.length];
        for (int row = 0; row < labels.size(); row++) {
            inBatch[labels.get(row)]++;
            if (row > 0) {
                neighbours++;
                alike += labels.get(row) == labels.get(row - 1) ? 1 : 0;
            }
        }
        for (int c = 0; c < counts.length; c++) {
            counts[c] += inBatch[c];
            squares[c] += inBatch[c] * inBatch[c];
        }
        rows += labels.size();
    }

    /** Compares the first batches of each epoch with those of the previous epoch. */
    private void order(Batch batch) {
        if (batch.epoch() != epoch) {
            endHead();
            epoch = batch.epoch();
        }
        if (head.size() < HEAD_STEPS) {
            head.add(batch.recipe().sampleIds());
            if (head.size() == HEAD_STEPS) {
                compareHead();
            }
        }
    }

    private void endHead() {
        if (!head.isEmpty() && head.size() < HEAD_STEPS) {
            compareHead();
        }
        head.clear();
    }

    private void compareHead() {
        if (head.stream().mapToInt(Ints::size).sum() < HEAD_ROWS_MIN) {
            return;
        }
        Hasher hasher = new Hasher();
        head.forEach(ids -> ids.stream().forEach(hasher::number));
        Digest digest = hasher.digest();
        epochs++;
        repeats += headBefore.filter(digest::equals).isPresent() ? 1 : 0;
        headBefore = Optional.of(digest);
    }

    @Override
    public Opinion opinion() {
        if (steps < STEPS_MIN) {
            return Opinion.tooShort(SUBJECT, steps, STEPS_MIN);
        }
        List<Diagnosis> found = new ArrayList<>();
        if (repeats > 0) {
            found.add(diagnosis(
                    "the order of the images repeats",
                    repeats + " of " + epochs
                            + " epochs begin with the same images as the previous epoch, in the same order"));
        }
        double expected = 0;
        for (double count : counts) {
            expected += (count / rows) * (count / rows);
        }
        double share = (double) alike / neighbours;
        double deviations = (share - expected) / Math.sqrt(expected * (1 - expected) / neighbours);
        if (deviations > DEVIATIONS_MAX && share > NEIGHBOURS_MAX * expected) {
            found.add(diagnosis(
                    "images of one class follow one another",
                    Words.percent(share) + " of neighbouring rows are of the same class, expected by chance: "
                            + Words.percent(expected)));
        }
        balance().ifPresent(found::add);
        return Opinion.of(SUBJECT, found);
    }

    private Optional<Diagnosis> balance() {
        double chiSquare = 0;
        int classes = 0;
        for (int c = 0; c < counts.length; c++) {
            double expected = counts[c] / steps;
            if (expected > 0) {
                classes++;
                chiSquare += (squares[c] - steps * expected * expected) / expected;
            }
        }
        double degrees = (double) (steps - 1) * Math.max(1, classes - 1);
        double deviations = (chiSquare - degrees) / Math.sqrt(2 * degrees);
        if (deviations <= DEVIATIONS_MAX || chiSquare <= SPREAD_MAX * degrees) {
            return Optional.empty();
        }
        return Optional.of(diagnosis(
                "batches are not balanced",
                "chi-square of the classes of " + steps + " batches is " + Words.number(chiSquare) + " at "
                        + (long) degrees + " degrees of freedom, expected by chance: about equal"));
    }

    private static Diagnosis diagnosis(String finding, String evidence) {
        return new Diagnosis(
                finding,
                Severity.WARNING,
                evidence,
                "data.path, run.seed",
                "Cohort draws a new order for every epoch: check what wrote these batches, and whether the data has duplicates");
    }
}
