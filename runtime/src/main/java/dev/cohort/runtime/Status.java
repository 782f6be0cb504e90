package dev.cohort.runtime;

import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * A snapshot of one part of a process, for {@code /status}.
 *
 * @param figures by name, in the order of names: strings, numbers, booleans, and collections and maps of these
 */
public record Status(Map<String, Object> figures) {
    public static final Status EMPTY = new Status(Map.of());

    public Status {
        figures = Collections.unmodifiableMap(new TreeMap<>(figures));
    }

    JsonObject toJson() {
        return object(figures);
    }

    /** A linked map, since the event bus copies other maps in the order of their hashes. */
    private static JsonObject object(Map<?, ?> figures) {
        LinkedHashMap<String, Object> json = new LinkedHashMap<>();
        figures.forEach((name, value) -> json.put(String.valueOf(name), value(value)));
        return new JsonObject(json);
    }

    private static Object value(Object figure) {
        if (figure instanceof Map<?, ?> map) {
            return object(new TreeMap<>(map));
        } else if (figure instanceof Collection<?> collection) {
            return new JsonArray(collection.stream().map(Status::value).toList());
        }
        return figure;
    }
}
