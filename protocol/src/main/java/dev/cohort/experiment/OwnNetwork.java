package dev.cohort.experiment;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * The keys of a peer whose network runs in a process of its own ({@link #isNamedBy}).
 *
 * @param python interpreter; empty for that of the machine
 * @param pretrained whether training starts from weights that the library of the model provides
 * @param weights safetensors file of initial weights
 * @param featureWidth D of its pooled features, as they were measured when the run was planned
 */
public record OwnNetwork(
        Optional<String> python, boolean pretrained, Optional<String> weights, OptionalInt featureWidth) {
    /** Of a built-in network. */
    public static final OwnNetwork NONE =
            new OwnNetwork(Optional.empty(), false, Optional.empty(), OptionalInt.empty());

    /** Whether a model is one in a process of its own: {@code FILE.py:FUNCTION}, {@code timm:NAME}. Built-in names have no colon. */
    public static boolean isNamedBy(String model) {
        return model.indexOf(':') >= 0;
    }

    public OwnNetwork withFeatureWidth(int width) {
        return new OwnNetwork(python, pretrained, weights, OptionalInt.of(width));
    }

    public OwnNetwork withWeights(Optional<String> file) {
        return new OwnNetwork(python, pretrained, file, featureWidth);
    }
}
