package dev.cohort.coordinator.method;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The effective settings of a method: those of the experiment, and defaults for the others. All values are valid.
 *
 * @param values by the name of the parameter
 */
public record Arguments(SortedMap<String, String> values) {
    public Arguments {
        values = Collections.unmodifiableSortedMap(new TreeMap<>(values));
    }

    double number(String name) {
        return Double.parseDouble(value(name));
    }

    long whole(String name) {
        return Long.parseLong(value(name));
    }

    boolean flag(String name) {
        return Boolean.parseBoolean(value(name));
    }

    String word(String name) {
        return value(name);
    }

    private String value(String name) {
        String value = values.get(name);
        if (value == null) {
            throw new IllegalArgumentException("no parameter " + name + ": there are " + values.keySet());
        }
        return value;
    }
}
