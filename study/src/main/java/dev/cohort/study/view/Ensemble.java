package dev.cohort.study.view;

import dev.cohort.distill.Softmax;
import dev.cohort.protocol.PeerId;
import dev.cohort.study.EnsembleMembers;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The accuracy of the ensemble: the class of the largest mean probability over all members that published their test logits after
 * the same epoch and step. (A peer that leaves in the middle of an epoch is tested then, and is not counted.) Probabilities of
 * old epochs are dropped, their accuracy is kept.
 */
final class Ensemble {
    private static final int EPOCHS_KEPT = 2;

    private final Ints labels;
    private final TreeMap<Integer, TreeMap<PeerId, float[]>> probabilities = new TreeMap<>();
    private final EnsembleMembers members;
    private final TreeMap<Integer, Set<PeerId>> voters = new TreeMap<>();
    private final TreeMap<Integer, Double> accuracies = new TreeMap<>();
    private final TreeMap<Integer, Long> steps = new TreeMap<>();

    /** @param labels class of each test image */
    Ensemble(Ints labels, EnsembleMembers members) {
        this.labels = labels;
        this.members = members;
    }

    /**
     * Takes in a peer's test logits [N, C] after {@code step}; ignores logits of another number of images, and those that arrive
     * after their epoch was dropped.
     */
    void vote(int epoch, long step, PeerId peer, Tensor logits) {
        boolean dropped = !probabilities.containsKey(epoch)
                && probabilities.size() == EPOCHS_KEPT
                && epoch < probabilities.firstKey();
        if (dropped || logits.shape().size() != 2 || logits.dimension(0) != labels.size()) {
            return;
        }
        long known = steps.getOrDefault(epoch, step);
        if (step < known) {
            return;
        }
        if (step > known) {
            probabilities.remove(epoch);
        }
        steps.put(epoch, step);
        TreeMap<PeerId, float[]> votes = probabilities.computeIfAbsent(epoch, e -> new TreeMap<>());
        votes.put(peer, probabilities(logits));
        count(epoch);
        while (probabilities.size() > EPOCHS_KEPT) {
            probabilities.pollFirstEntry();
        }
    }

    /** Computes the accuracies again, after the members of the ensemble changed. */
    void count() {
        probabilities.keySet().forEach(this::count);
    }

    private void count(int epoch) {
        TreeMap<PeerId, float[]> counted = new TreeMap<>(probabilities.getOrDefault(epoch, new TreeMap<>()));
        counted.keySet().removeIf(peer -> !members.counts(peer, steps.getOrDefault(epoch, 0L)));
        voters.put(epoch, Set.copyOf(counted.keySet()));
        if (counted.isEmpty()) {
            accuracies.remove(epoch);
        } else {
            accuracies.put(epoch, accuracy(counted));
        }
    }

    /** The peers that are counted after {@code epoch}. */
    Set<PeerId> voters(int epoch) {
        return voters.getOrDefault(epoch, Set.of());
    }

    OptionalDouble accuracy(int epoch) {
        Double accuracy = accuracies.get(epoch);
        return accuracy == null ? OptionalDouble.empty() : OptionalDouble.of(accuracy);
    }

    private double accuracy(SortedMap<PeerId, float[]> votes) {
        int images = labels.size();
        if (images == 0) {
            return 0;
        }
        int classes = votes.values().iterator().next().length / images;
        int correct = 0;
        double[] sums = new double[classes];
        for (int image = 0; image < images; image++) {
            Arrays.fill(sums, 0);
            for (float[] vote : votes.values()) {
                for (int c = 0; c < classes; c++) {
                    sums[c] += vote[image * classes + c];
                }
            }
            if (largest(sums) == labels.get(image)) {
                correct++;
            }
        }
        return correct / (double) images;
    }

    private static int largest(double[] values) {
        int largest = 0;
        for (int i = 1; i < values.length; i++) {
            if (values[i] > values[largest]) {
                largest = i;
            }
        }
        return largest;
    }

    private static float[] probabilities(Tensor logits) {
        double[] values = Softmax.probabilities(logits.toDoubles(), logits.dimension(1), 1);
        float[] result = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            result[i] = (float) values[i];
        }
        return result;
    }
}
