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
 * Whether a student's numbers are still finite. Each check returns what is not, and the setting that most likely mends it; empty
 * when all is well.
 */
final class Finiteness {
    private static final String LOWER_THE_RATE = ": lower optimizer.learning_rate";

    private Finiteness() {}

    /**
     * Of a forward pass.
     *
     * @param own as the network put them out
     * @param published as they travel, which may be in a narrower type
     */
    static Optional<String> lost(Learner.Outputs own, NamedTensors published) {
        return lost(own)
                .or(() -> published.asMap().entrySet().stream()
                        .filter(tensor -> !tensor.getValue().isFinite())
                        .findFirst()
                        .map(Finiteness::overflow));
    }

    /** Of what a network puts out. */
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
        String key = tensor.getKey().equals(TensorName.FEATURES) ? "wire.features" : "wire.logits";
        String wider = type == DType.FLOAT16 ? ": set " + key + " to fp32, or" : ":";
        return "its " + tensor.getKey() + " are larger than a " + type.name().toLowerCase(Locale.ROOT) + " can be"
                + wider + " lower optimizer.learning_rate";
    }

    /** Of a loss and its gradients. */
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
