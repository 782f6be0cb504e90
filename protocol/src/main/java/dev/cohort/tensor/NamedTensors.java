package dev.cohort.tensor;

import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Immutable tensors by name, always iterated in the order of their names. */
public final class NamedTensors {
    private static final NamedTensors NONE = new NamedTensors(new TreeMap<>());

    private final SortedMap<String, Tensor> tensors;

    private NamedTensors(SortedMap<String, Tensor> tensors) {
        this.tensors = Collections.unmodifiableSortedMap(tensors);
    }

    public static NamedTensors none() {
        return NONE;
    }

    public static NamedTensors of(Map<String, Tensor> tensors) {
        return new NamedTensors(new TreeMap<>(tensors));
    }

    public static NamedTensors of(String name, Tensor tensor) {
        return of(Map.of(name, tensor));
    }

    /** These tensors and one more; a tensor of the same name is replaced. */
    public NamedTensors with(String name, Tensor tensor) {
        SortedMap<String, Tensor> more = new TreeMap<>(tensors);
        more.put(name, tensor);
        return new NamedTensors(more);
    }

    public Optional<Tensor> find(String name) {
        return Optional.ofNullable(tensors.get(name));
    }

    /**
     * The tensor called {@code name}.
     *
     * @throws IllegalArgumentException when no tensor has this name
     */
    public Tensor get(String name) {
        return find(name)
                .orElseThrow(() ->
                        new IllegalArgumentException("no tensor " + name + ": must be one of " + tensors.keySet()));
    }

    public SortedMap<String, Tensor> asMap() {
        return tensors;
    }

    /** Digest of names, types, shapes and bits. */
    public Digest digest() {
        Hasher hasher = new Hasher().number(tensors.size());
        tensors.forEach((name, tensor) -> hasher.text(name).tensor(tensor));
        return hasher.digest();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof NamedTensors named && tensors.equals(named.tensors);
    }

    @Override
    public int hashCode() {
        return tensors.hashCode();
    }

    @Override
    public String toString() {
        return tensors.toString();
    }
}
