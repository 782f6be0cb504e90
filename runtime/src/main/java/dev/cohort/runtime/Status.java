package dev.cohort.runtime;

import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What one part of a process says about itself, at one moment.
 *
 * @param figures by name, in the order of names: strings, numbers, booleans, and lists and maps of such
 */
public record Status(Map<String, Object> figures) {
    public static final Status EMPTY = new Status(Map.of());

    public Status {
        figures = Collections.unmodifiableMap(new TreeMap<>(figures));
    }
}
