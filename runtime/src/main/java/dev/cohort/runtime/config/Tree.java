package dev.cohort.runtime.config;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The content of a YAML file, before it is interpreted. */
sealed interface Tree {
    /** The value as quoted by problems. */
    String shown();

    /**
     * A single value, as text; YAML's own types are not used.
     *
     * @param quoted whether it was in quotation marks, and is therefore neither a number nor a boolean
     */
    record Leaf(String text, boolean quoted) implements Tree {
        /** Whether it means "nothing": then the default applies. */
        boolean isNull() {
            return !quoted && (text.isEmpty() || text.equals("~") || text.equals("null"));
        }

        @Override
        public String shown() {
            String line = text.replaceAll("\\p{Cntrl}", " ");
            String part = line.length() <= 60 ? line : line.substring(0, 60) + "...";
            return quoted ? '"' + part + '"' : part;
        }
    }

    /** Values by key, in the order of the file. */
    record Branch(Map<String, Tree> entries) implements Tree {
        static final Branch EMPTY = new Branch(Map.of());

        public Branch {
            entries = Collections.unmodifiableMap(new LinkedHashMap<>(entries));
        }

        Branch with(String key, Tree value) {
            Map<String, Tree> more = new LinkedHashMap<>(entries);
            more.put(key, value);
            return new Branch(more);
        }

        Branch without(String key) {
            Map<String, Tree> fewer = new LinkedHashMap<>(entries);
            fewer.remove(key);
            return new Branch(fewer);
        }

        /** The branch at {@code key}; {@link #EMPTY} if there is none. */
        Branch branch(String key) {
            return entries.get(key) instanceof Branch branch ? branch : EMPTY;
        }

        @Override
        public String shown() {
            return "a mapping";
        }
    }

    /** A list. */
    record Items(List<Tree> values) implements Tree {
        public Items {
            values = List.copyOf(values);
        }

        Items with(int index, Tree value) {
            List<Tree> changed = new ArrayList<>(values);
            changed.set(index, value);
            return new Items(changed);
        }

        @Override
        public String shown() {
            return "a list";
        }
    }
}
