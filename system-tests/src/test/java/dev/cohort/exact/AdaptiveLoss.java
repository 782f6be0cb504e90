package dev.cohort.exact;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;

/**
 * Adaptive distillation of all students, with the published rule for the weights of the paths:
 *
 * <pre>
 * sum_i CE(z_i, y) + alpha sum_k [ e^-a_ik l_ik + a_ik ]
 * l_ik: T^2 KL(z_E || z_i), mean (z_i - z_E)^2, T^2 KL(z_j || z_i) for every j != i, and the means over j != i of
 *       mean over B of |n_i - n_j|^2, n = P f / |P f|, and of the distances between adapted F_i and F_j, summed over the maps
 * z_E = mean of all z, and everything of another student j: constant
 * </pre>
 *
 * @param tensors a_ik in {@code paths.i.a}, P_i in {@code projection.i} where the students' features differ in width
 * @param maps names of those compared
 */
record AdaptiveLoss(
        WholeLoss loss,
        TeacherTensors tensors,
        double temperature,
        double alpha,
        List<String> maps,
        SingleProcess.Outputs outputs) {
    private static final int ENSEMBLE = 1;
    private static final int FEATURES = 2;
    private static final int LOGITS = 3;
    private static final int PEERS = 4;
    private static final List<MapDistance> ON_MAPS =
            List.of(MapDistance.NST, MapDistance.ATTENTION_TRANSFER, MapDistance.FEATURE_MAP);

    NDArray total() {
        List<NDArray> terms = new ArrayList<>();
        NDArray ensemble = loss.mean(outputs.logits()).stopGradient();
        for (int i = 0; i < outputs.students(); i++) {
            NDArray own = outputs.logits().get(i);
            terms.add(loss.crossEntropy(own));
            terms.add(path(i, ENSEMBLE, loss.imitation(ensemble, own, temperature)));
            terms.add(path(i, LOGITS, MapDistance.squaredError(own, ensemble)));
            terms.add(path(i, FEATURES, features(i)));
            for (int j : outputs.others(i)) {
                terms.add(path(i, PEERS + j, loss.imitation(outputs.logits().get(j), own, temperature)));
            }
            LossOnMaps onMaps = new LossOnMaps(loss, new Adapters(tensors), maps, outputs);
            for (int k = 0; k < ON_MAPS.size(); k++) {
                terms.add(path(i, PEERS + outputs.students() + k, onMaps.ofOthers(i, ON_MAPS.get(k))));
            }
        }
        return loss.sum(terms);
    }

    /** {@code alpha (e^-a l + a)}. */
    private NDArray path(int student, int number, NDArray pathLoss) {
        NDArray a = tensors.get("paths." + student + ".a")
                .get(number + ":" + (number + 1))
                .sum();
        return a.neg().exp().mul(pathLoss).add(a).mul(loss.constant(alpha));
    }

    private NDArray features(int student) {
        NDArray own = direction(student);
        double rows = own.getShape().get(0);
        return loss.mean(outputs.others(student).stream()
                .map(j -> own.sub(direction(j).stopGradient()))
                .map(difference -> difference.mul(difference).sum().mul(loss.constant(1 / rows)))
                .toList());
    }

    private NDArray direction(int student) {
        NDArray features = outputs.features().get(student);
        String projection = "projection." + student;
        return MapDistance.unit(
                tensors.has(projection)
                        ? features.matMul(tensors.get(projection).transpose())
                        : features);
    }
}
