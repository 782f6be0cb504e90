package dev.cohort.exact;

import ai.djl.ndarray.NDArray;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * UDML: the label losses of all students and one loss for each listed pair, in which nothing is detached but for {@code kl}, which
 * goes both ways with the other student constant:
 *
 * <pre>
 * sum_i CE(z_i, y) + w sum over entries and their pairs {i, j} of w_e l_e(x_i, x_j)
 * dml: (KL(p_i || p_j) + KL(p_j || p_i)) / 2, p = softmax(z)    l2: mean (x_i - x_j)^2    at: attention transfer
 * kl:  T^2 KL(softmax_T(z_j) || softmax_T(z_i)) and the same with i and j exchanged
 * </pre>
 *
 * @param entries {@code PEERS TENSOR LOSS WEIGHT}, separated by semicolons; peers p1, p2 ... are students 0, 1 ...
 */
record PairsLoss(WholeLoss loss, String entries, double temperature, SingleProcess.Outputs outputs) {
    NDArray total(double weight) {
        List<NDArray> terms = new ArrayList<>();
        outputs.logits().forEach(own -> terms.add(loss.crossEntropy(own)));
        for (String entry : entries.split(";", -1)) {
            List<String> words = List.of(entry.strip().split(" ", -1));
            List<Integer> students = students(words.get(0));
            double factor = weight * Double.parseDouble(words.get(3));
            for (int i : students) {
                students.stream()
                        .filter(j -> j > i)
                        .forEach(j -> terms.add(ofPair(words.get(2), tensor(i, words.get(1)), tensor(j, words.get(1)))
                                .mul(loss.constant(factor))));
            }
        }
        return loss.sum(terms);
    }

    private List<Integer> students(String peers) {
        return IntStream.range(0, outputs.students())
                .filter(i ->
                        peers.equals("all") || List.of(peers.split("\\+", -1)).contains("p" + (i + 1)))
                .boxed()
                .toList();
    }

    private NDArray tensor(int student, String name) {
        return switch (name) {
            case "logits" -> outputs.logits().get(student);
            case "features" -> outputs.features().get(student);
            default -> outputs.map(student, name);
        };
    }

    private NDArray ofPair(String kind, NDArray one, NDArray other) {
        return switch (kind) {
            case "dml" -> {
                NDArray logarithms = one.logSoftmax(1).sub(other.logSoftmax(1));
                double rows = one.getShape().get(0);
                yield one.softmax(1).sub(other.softmax(1)).mul(logarithms).sum().mul(loss.constant(0.5 / rows));
            }
            case "kl" -> loss.imitation(one, other, temperature).add(loss.imitation(other, one, temperature));
            case "l2" -> MapDistance.SQUARED_ERROR.of(one, other);
            case "at" -> MapDistance.ATTENTION_TRANSFER.of(one, other);
            default -> throw new IllegalArgumentException("loss " + kind + " of a pair: must be dml, kl, l2 or at");
        };
    }
}
