package dev.cohort.coordinator.method;

import dev.cohort.coordinator.Teacher.Vote;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** What contributors said, as row-major matrices whose shape has been checked. */
final class Matrices {
    private Matrices() {}

    static SortedMap<Integer, NamedTensors> bySlot(List<Vote> votes) {
        SortedMap<Integer, NamedTensors> bySlot = new TreeMap<>();
        votes.forEach(vote -> bySlot.put(vote.slot(), vote.tensors()));
        return bySlot;
    }

    /** Rows of the first logits. */
    static int rows(SortedMap<Integer, NamedTensors> votes) {
        return votes.values().iterator().next().get(TensorName.LOGITS).dimension(0);
    }

    /** Logits [rows, classes] of every vote, in the order of the slots. */
    static List<double[]> logits(SortedMap<Integer, NamedTensors> votes, int rows, int classes) {
        return votes.entrySet().stream()
                .map(vote -> matrix(vote.getKey(), vote.getValue(), TensorName.LOGITS, rows, classes))
                .toList();
    }

    static double[] matrix(int slot, NamedTensors tensors, String name, int rows, int columns) {
        Tensor tensor = tensors.get(name);
        if (tensor.shape().size() != 2 || tensor.dimension(0) != rows || tensor.dimension(1) != columns) {
            throw new IllegalArgumentException(name + " of slot " + slot + " of shape " + tensor.shape() + ": must be ["
                    + rows + ", " + columns + "]");
        }
        return tensor.toDoubles();
    }

    /** Element-wise mean; the sum runs in the order of the list. */
    static double[] mean(List<double[]> matrices) {
        double[] mean = new double[matrices.get(0).length];
        for (double[] matrix : matrices) {
            for (int i = 0; i < mean.length; i++) {
                mean[i] += matrix[i];
            }
        }
        for (int i = 0; i < mean.length; i++) {
            mean[i] /= matrices.size();
        }
        return mean;
    }

    /** Element-wise {@code sum weights[k] * matrices[k]}, in the order of the list. */
    static double[] combined(List<double[]> matrices, double[] weights) {
        double[] sum = new double[matrices.get(0).length];
        for (int k = 0; k < weights.length; k++) {
            for (int i = 0; i < sum.length; i++) {
                sum[i] += weights[k] * matrices.get(k)[i];
            }
        }
        return sum;
    }
}
