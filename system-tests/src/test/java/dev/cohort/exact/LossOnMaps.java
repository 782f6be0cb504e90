package dev.cohort.exact;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;

/**
 * Losses of students that learn from each other's feature maps, those of the teacher constant:
 *
 * <pre>
 * taught by others: sum_i CE(z_i, y) + w/(m-1) sum_{j != i} sum over maps of d(A_ij(F_i), F_j)
 * compression:      sum_i a CE(z_i, y) + w T^2 KL(softmax_T(mean of z) || softmax_T(z_i))
 *                   + h sum_{i != widest} sum over maps of mean (A_i(F_i) - F_widest)^2
 * </pre>
 *
 * @param maps names of those compared
 */
record LossOnMaps(WholeLoss loss, Adapters adapters, List<String> maps, SingleProcess.Outputs outputs) {
    NDArray taughtByOthers(MapDistance distance, double weight) {
        List<NDArray> terms = new ArrayList<>();
        for (int i = 0; i < outputs.students(); i++) {
            terms.add(loss.crossEntropy(outputs.logits().get(i)));
            terms.add(ofOthers(i, distance).mul(loss.constant(weight)));
        }
        return loss.sum(terms);
    }

    NDArray compression(double labelWeight, double temperature, double weight, double hintWeight) {
        List<NDArray> terms = new ArrayList<>();
        NDArray ensemble = loss.mean(outputs.logits());
        int widest = widest();
        for (int i = 0; i < outputs.students(); i++) {
            NDArray own = outputs.logits().get(i);
            terms.add(loss.crossEntropy(own).mul(loss.constant(labelWeight)));
            terms.add(loss.imitation(ensemble, own, temperature).mul(loss.constant(weight)));
            if (i != widest) {
                terms.add(ofOne(i, widest, MapDistance.SQUARED_ERROR).mul(loss.constant(hintWeight)));
            }
        }
        return loss.sum(terms);
    }

    /** The first student with the most channels in all maps. */
    private int widest() {
        int widest = 0;
        for (int i = 1; i < outputs.students(); i++) {
            widest = channels(i) > channels(widest) ? i : widest;
        }
        return widest;
    }

    private long channels(int student) {
        return maps.stream()
                .mapToLong(map -> outputs.map(student, map).getShape().get(1))
                .sum();
    }

    /** The mean over all other students of the distances to their maps. */
    NDArray ofOthers(int student, MapDistance distance) {
        return loss.mean(outputs.others(student).stream()
                .map(teacher -> ofOne(student, teacher, distance))
                .toList());
    }

    /** Attention needs no adapter, whether there is one or not. */
    private NDArray ofOne(int student, int teacher, MapDistance distance) {
        return loss.sum(maps.stream()
                .map(map -> distance.of(
                        distance == MapDistance.ATTENTION_TRANSFER
                                ? outputs.map(student, map)
                                : adapters.adapted(outputs, student, teacher, map),
                        outputs.map(teacher, map).stopGradient()))
                .toList());
    }
}
