package dev.cohort.augment.data;

import dev.cohort.tensor.Ints;
import java.util.Arrays;
import java.util.function.IntUnaryOperator;

/**
 * Chooses k of the n images of each class, evenly spaced in the order of the data. Image j of the class is chosen when {@code
 * floor((j+1)*k/n) > floor(j*k/n)}. Deterministic.
 */
final class Stratified {
    private Stratified() {}

    /** Indices of the chosen images and of the others, both ascending. */
    record Parts(Ints chosen, Ints rest) {}

    /** Chooses {@code round(share * n)} images of each class of n. */
    static Parts byShare(Ints labels, int classes, double share) {
        return choose(labels, classes, n -> (int) Math.floor(share * n + 0.5));
    }

    /** Chooses {@code count} images of each class, or all images of a smaller class. */
    static Parts byCount(Ints labels, int classes, int count) {
        return choose(labels, classes, n -> Math.min(n, count));
    }

    private static Parts choose(Ints labels, int classes, IntUnaryOperator wanted) {
        int[] sizes = new int[classes];
        labels.stream().forEach(label -> sizes[label]++);
        int[] seen = new int[classes];
        int[] chosen = new int[labels.size()];
        int[] rest = new int[labels.size()];
        int chosenCount = 0;
        for (int i = 0; i < labels.size(); i++) {
            int label = labels.get(i);
            long k = wanted.applyAsInt(sizes[label]);
            long j = seen[label]++;
            if ((j + 1) * k / sizes[label] > j * k / sizes[label]) {
                chosen[chosenCount++] = i;
            } else {
                rest[i - chosenCount] = i;
            }
        }
        return new Parts(
                Ints.of(Arrays.copyOf(chosen, chosenCount)), Ints.of(Arrays.copyOf(rest, labels.size() - chosenCount)));
    }
}
