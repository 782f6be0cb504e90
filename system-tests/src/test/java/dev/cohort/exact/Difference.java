package dev.cohort.exact;

import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Map;

/**
 * How far two versions of the same tensors are apart: the largest absolute difference within a tensor, relative to the largest
 * absolute value in it, of the tensor where that is largest.
 *
 * @param tensor its name
 */
record Difference(String tensor, double relative) {
    static final Difference NONE = new Difference("nothing", 0);

    /** @throws IllegalArgumentException when {@code found} lacks a tensor of {@code expected} or has another shape */
    static Difference of(String owner, NamedTensors found, NamedTensors expected) {
        Difference worst = NONE;
        for (Map.Entry<String, Tensor> entry : expected.asMap().entrySet()) {
            Tensor tensor = found.get(entry.getKey());
            double scale = largest(entry.getValue());
            worst = worst.or(new Difference(owner + " " + entry.getKey(), apart(tensor, entry.getValue()) / scale));
        }
        return worst;
    }

    Difference or(Difference other) {
        return Double.isNaN(other.relative) || other.relative > relative ? other : this;
    }

    static double largest(Tensor tensor) {
        double largest = 0;
        for (int i = 0; i < tensor.size(); i++) {
            largest = Math.max(largest, Math.abs(tensor.at(i)));
        }
        return largest;
    }

    static double apart(Tensor found, Tensor expected) {
        if (!found.shape().equals(expected.shape())) {
            throw new IllegalArgumentException("tensors of shapes " + found.shape() + " and " + expected.shape());
        }
        double largest = 0;
        for (int i = 0; i < found.size(); i++) {
            largest = Math.max(largest, Math.abs(found.at(i) - expected.at(i)));
        }
        return largest;
    }
}
