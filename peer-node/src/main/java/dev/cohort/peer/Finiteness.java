package dev.cohort.peer;

import dev.cohort.distill.Objective;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Checks that a student's numbers are finite. Each check returns the quantity that is not, with the setting most likely to fix
 * it; empty if all are finite.
 */
final class Finiteness {
    private static final String LOWER_THE_RATE = ": lower optimizer.learning_rate";

    private Finiteness() {}

    /**
     * Checks a forward pass.
     *
     * @param own outputs of the network
     * @param published tensors of the message, whose type may be narrower
     */
    static Optional<String> lost(Learner.Outputs own, Published published) {
        return lost(own).or(() -> overflow(published.tensors())).or(() -> overflow(published.maps()));
    }

    /** Checks the tensors of an evaluation likewise. */
    static Optional<String> lost(Learner.Outputs own, NamedTensors evaluated) {
        return lost(own).or(() -> overflow(evaluated));
    }

    private static Optional<String> overflow(NamedTensors tensors) {
        return tensors.asMap().entrySet().stream()
                .filter(tensor -> !tensor.getValue().isFinite())
                .findFirst()
                .map(Finiteness::overflow);
    }

    /** Checks the outputs of a network. */
    static Optional<String> lost(Learner.Outputs own) {
        return Stream.concat(
                        own.tensors().asMap().entrySet().stream(), own.kept().tensors().asMap().entrySet().stream())
                .filter(tensor -> !tensor.getValue().isFinite())
                .map(tensor -> words(tensor.getKey()))
                .sorted(Comparator.comparing(words -> !words.equals(words(TensorName.LOGITS))))
                .findFirst()
                .map(words -> "its " + words + " are not finite" + LOWER_THE_RATE);
    }

    private static String words(String name) {
        return name.equals(TensorName.OWN_TEACHER) ? "own teacher's logits" : name;
    }

    private static String overflow(Map.Entry<String, Tensor> tensor) {
        DType type = tensor.getValue().dtype();
        String key = TensorName.isMap(tensor.getKey())
                ? "wire.maps"
                : tensor.getKey().equals(TensorName.FEATURES) ? "wire.features" : "wire.logits";
        String wider = type == DType.FLOAT16 ? ": set " + key + " to fp32, or" : ":";
        return "its " + tensor.getKey() + " exceed the range of " + type.name().toLowerCase(Locale.ROOT) + wider
                + " lower optimizer.learning_rate";
    }

    /** Checks a loss and its gradients. */
    static Optional<String> lost(Objective.Result loss) {
        if (!Double.isFinite(loss.crossEntropy())) {
            return Optional.of("its cross-entropy is " + loss.crossEntropy() + LOWER_THE_RATE);
        }
        if (!Double.isFinite(loss.distillation())) {
            return Optional.of("its distillation loss is " + loss.distillation() + LOWER_THE_RATE
                    + ", method.weight or method.temperature");
        }
        boolean gradients = loss.gradients().asMap().values().stream().allMatch(Tensor::isFinite);
        return gradients ? Optional.empty() : Optional.of("the gradient of its loss is not finite" + LOWER_THE_RATE);
    }
}
