package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher.PeerPrediction;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Tensors of the contributors' predictions as row-major matrices with checked shapes. */
final class PredictionMatrices {
    private PredictionMatrices() {}

    static SortedMap<Integer, NamedTensors> bySlot(List<PeerPrediction> predictions) {
        SortedMap<Integer, NamedTensors> bySlot = new TreeMap<>();
        predictions.forEach(prediction -> bySlot.put(prediction.slot(), prediction.tensors()));
        return bySlot;
    }

    /** Rows of the first logits. */
    static int rows(SortedMap<Integer, NamedTensors> predictions) {
        return predictions.values().iterator().next().get(TensorName.LOGITS).dimension(0);
    }

    /** Logits [rows, classes] of every prediction, in the order of the slots. */
    static List<double[]> logits(SortedMap<Integer, NamedTensors> predictions, int rows, int classes) {
        return predictions.entrySet().stream()
                .map(prediction -> matrix(prediction.getKey(), prediction.getValue(), TensorName.LOGITS, rows, classes))
                .toList();
    }

    /** The mean [rows, C] of the logits of all predictions; empty if there are none. */
    static Optional<Tensor> meanLogits(SortedMap<Integer, NamedTensors> predictions, TeacherSetting setting) {
        if (predictions.isEmpty()) {
            return Optional.empty();
        }
        int rows = rows(predictions);
        double[] mean = mean(logits(predictions, rows, setting.classes()));
        return Optional.of(Tensor.of(setting.wire(), mean, rows, setting.classes()));
    }

    /** Pooled features [rows, D] of every prediction, by slot. */
    static SortedMap<Integer, double[]> features(SortedMap<Integer, NamedTensors> predictions, int rows, Ints widths) {
        SortedMap<Integer, double[]> features = new TreeMap<>();
        predictions.forEach((slot, tensors) ->
                features.put(slot, matrix(slot, tensors, TensorName.FEATURES, rows, widths.get(slot))));
        return features;
    }

    /** Logits [rows, classes] of every peer's own teacher, in the order of the slots. */
    static List<double[]> ownTeachers(SortedMap<Integer, NamedTensors> predictions, int rows, int classes) {
        return predictions.entrySet().stream()
                .map(prediction ->
                        matrix(prediction.getKey(), prediction.getValue(), TensorName.OWN_TEACHER, rows, classes))
                .toList();
    }

    /** Whether there are predictions and all have tensor {@code name}. */
    static boolean allHave(SortedMap<Integer, NamedTensors> predictions, String name) {
        return !predictions.isEmpty()
                && predictions.values().stream()
                        .allMatch(prediction -> prediction.find(name).isPresent());
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

    /** The element-wise product with a number, as a new array. */
    static double[] scaled(double[] matrix, double factor) {
        double[] scaled = matrix.clone();
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] *= factor;
        }
        return scaled;
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
