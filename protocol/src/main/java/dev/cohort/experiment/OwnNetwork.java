package dev.cohort.experiment;

import dev.cohort.tensor.Ints;
import java.util.Collections;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The keys of a peer whose network runs in a process of its own ({@link #isNamedBy}).
 *
 * @param python interpreter; empty for that of the machine
 * @param pretrained whether training starts from weights that the library of the model provides
 * @param weights safetensors file of initial weights
 * @param featureWidth D of its pooled features, as they were measured when the run was planned
 * @param maps likewise the shape [channels, height, width] of one row of each feature map, by name
 */
public record OwnNetwork(
        Optional<String> python,
        boolean pretrained,
        Optional<String> weights,
        OptionalInt featureWidth,
        SortedMap<String, Ints> maps) {
    /** Of a built-in network. */
    public static final OwnNetwork NONE = of(Optional.empty(), false, Optional.empty());

    public OwnNetwork {
        maps = Collections.unmodifiableSortedMap(new TreeMap<>(maps));
    }

    /** Of a network that was not measured. */
    public static OwnNetwork of(Optional<String> python, boolean pretrained, Optional<String> weights) {
        return new OwnNetwork(python, pretrained, weights, OptionalInt.empty(), new TreeMap<>());
    }

    /** Whether a model is one in a process of its own: {@code FILE.py:FUNCTION}, {@code timm:NAME}. Built-in names have no colon. */
    public static boolean isNamedBy(String model) {
        return model.indexOf(':') >= 0;
    }

    /** The same network, measured. */
    public OwnNetwork measured(int width, SortedMap<String, Ints> shapes) {
        return new OwnNetwork(python, pretrained, weights, OptionalInt.of(width), shapes);
    }

    public OwnNetwork withWeights(Optional<String> file) {
        return new OwnNetwork(python, pretrained, file, featureWidth, maps);
    }
}
