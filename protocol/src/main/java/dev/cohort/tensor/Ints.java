package dev.cohort.tensor;

import java.util.Arrays;
import java.util.stream.IntStream;

/** An immutable sequence of ints: sample ids, class ids, permutations. Unlike an array, it can be a component of a record. */
public final class Ints {
    private static final Ints EMPTY = new Ints(new int[0]);

    private final int[] values;

    private Ints(int[] values) {
        this.values = values;
    }

    /** Copies {@code values}. */
    public static Ints of(int... values) {
        return values.length == 0 ? EMPTY : new Ints(values.clone());
    }

    public int size() {
        return values.length;
    }

    public int get(int index) {
        return values[index];
    }

    /** A fresh array. */
    public int[] toArray() {
        return values.clone();
    }

    public IntStream stream() {
        return Arrays.stream(values);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Ints ints && Arrays.equals(values, ints.values);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(values);
    }

    @Override
    public String toString() {
        return values.length <= 8 ? Arrays.toString(values) : "[" + values.length + " ints]";
    }
}
