package dev.cohort.runtime.config;

import dev.cohort.experiment.Decimal;
import dev.cohort.experiment.Problems;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Reads the values under one key of an experiment by type. An invalid value is a problem and is replaced by the default, so that
 * reading continues and finds the next problem. {@link #close} reports the keys that were not read.
 */
final class Section {
    private final String path;
    private final Map<String, Tree> entries;
    private final boolean usable;
    private final Problems problems;
    private final TreeSet<String> asked = new TreeSet<>();

    private Section(String path, Optional<Tree> tree, Problems problems) {
        this.path = path;
        this.entries = tree.orElse(Tree.Branch.EMPTY) instanceof Tree.Branch branch ? branch.entries() : Map.of();
        this.usable = tree.isEmpty() || tree.get() instanceof Tree.Branch;
        this.problems = problems;
    }

    /** The whole file. */
    static Section root(Tree.Branch tree, Problems problems) {
        return new Section("", Optional.of(tree), problems);
    }

    /** The path of {@code key}, for problems. */
    String at(String key) {
        return path.isEmpty() ? key : path + "." + key;
    }

    /** The section at {@code key}; an empty one if the key is missing. */
    Section section(String key) {
        return checked(at(key), find(key));
    }

    /** The sections of the list at {@code key}; none if the key is missing or no list. */
    List<Section> sections(String key) {
        List<Section> sections = new ArrayList<>();
        for (Tree item : items(key, "a list of mappings")) {
            sections.add(checked(at(key) + "." + sections.size(), Optional.of(item)));
        }
        return sections;
    }

    /** Whether this is a mapping; if not, the problem has been added, and missing keys are no further problem. */
    boolean usable() {
        return usable;
    }

    /** Whether the value is exactly this word. */
    boolean isWord(String key, String word) {
        return find(key)
                .filter(value -> value.equals(new Tree.Leaf(word, false)))
                .isPresent();
    }

    boolean has(String key) {
        return find(key).isPresent();
    }

    long whole(String key, long otherwise, long least, long most) {
        return wholeIfPresent(key, least, most).orElse(otherwise);
    }

    int whole(String key, int otherwise, int least, int most) {
        return (int) whole(key, (long) otherwise, least, most);
    }

    /** Empty when the key is missing or its value is invalid. */
    OptionalLong wholeIfPresent(String key, long least, long most) {
        boolean bounded = most != Long.MAX_VALUE;
        String range = bounded ? " from " + least + " to " + most : " of at least " + least;
        return wholeIfPresent(key, least, most, "a whole number" + (least == Long.MIN_VALUE ? "" : range));
    }

    /** Likewise; {@code must} describes the valid values. */
    OptionalLong wholeIfPresent(String key, long least, long most, String must) {
        Optional<Tree> value = find(key);
        if (value.isEmpty()) {
            return OptionalLong.empty();
        }
        if (value.get() instanceof Tree.Leaf leaf && !leaf.quoted()) {
            OptionalLong number = Decimal.whole(leaf.text());
            if (number.isPresent() && number.getAsLong() >= least && number.getAsLong() <= most) {
                return number;
            }
        }
        refuse(key, value.get(), must);
        return OptionalLong.empty();
    }

    double number(String key, double otherwise, NumberRange range) {
        return find(key).map(v -> number(at(key), v, otherwise, range)).orElse(otherwise);
    }

    /** Empty when the key is missing or its value is invalid. */
    OptionalDouble numberIfPresent(String key, NumberRange range) {
        double number = number(key, Double.NaN, range);
        return Double.isNaN(number) ? OptionalDouble.empty() : OptionalDouble.of(number);
    }

    /** Empty when a number is invalid. */
    List<Double> numbers(String key, NumberRange range) {
        List<Double> numbers = new ArrayList<>();
        int before = problems.found().size();
        for (Tree item : items(key, "a list of numbers")) {
            numbers.add(number(at(key) + "." + numbers.size(), item, 0, range));
        }
        return problems.found().size() == before ? numbers : List.of();
    }

    boolean flag(String key, boolean otherwise) {
        return find(key)
                .map(value -> {
                    String text = value instanceof Tree.Leaf leaf && !leaf.quoted() ? leaf.text() : "";
                    if (!text.equals("true") && !text.equals("false")) {
                        refuse(key, value, "true or false");
                        return otherwise;
                    }
                    return text.equals("true");
                })
                .orElse(otherwise);
    }

    /** Any single value, as written. */
    Optional<String> text(String key) {
        return find(key).flatMap(value -> text(key, value));
    }

    /** The single values of a list, as written, or the only one where there is no list; empty when one is no single value. */
    Optional<List<String>> texts(String key) {
        Optional<Tree> value = find(key);
        if (value.isEmpty() || !(value.get() instanceof Tree.Items items)) {
            return value.flatMap(one -> text(key, one)).map(List::of);
        }
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < items.values().size(); i++) {
            text(key + "." + i, items.values().get(i)).ifPresent(texts::add);
        }
        return texts.size() == items.values().size() ? Optional.of(texts) : Optional.empty();
    }

    /** A text that matches {@code form}, which {@code must} describes. */
    Optional<String> text(String key, Pattern form, String must) {
        return find(key).flatMap(value -> {
            Optional<String> text = text(key, value);
            if (text.isPresent() && !form.matcher(text.get()).matches()) {
                refuse(key, value, must);
                return Optional.empty();
            }
            return text;
        });
    }

    /** One of {@code values} by its lower-case name. */
    <E extends Enum<E>> E choice(String key, E otherwise, E[] values) {
        TreeMap<String, E> named = new TreeMap<>();
        Stream.of(values).forEach(value -> named.put(word(value), value));
        return choice(
                key, otherwise, named, Stream.of(values).map(Section::word).toList());
    }

    /** The value in {@code named} of one of {@code words}. */
    <E> E choice(String key, E otherwise, Map<String, E> named, List<String> words) {
        return find(key)
                .map(value -> {
                    Optional<E> found = value instanceof Tree.Leaf leaf
                            ? Optional.ofNullable(named.get(leaf.text()))
                            : Optional.empty();
                    if (found.isEmpty()) {
                        refuse(key, value, "one of " + String.join(", ", words));
                    }
                    return found.orElse(otherwise);
                })
                .orElse(otherwise);
    }

    /** All values at keys that match {@code wanted} and have not been read yet. */
    SortedMap<String, String> remaining(Pattern wanted) {
        SortedMap<String, String> texts = new TreeMap<>();
        entries.keySet().stream()
                .filter(key -> !asked.contains(key) && wanted.matcher(key).matches())
                .toList()
                .forEach(key -> text(key).ifPresent(text -> texts.put(key, text)));
        return texts;
    }

    void refuse(String key, Tree value, String must) {
        // Messages are logged and passed on; a setting of the Kafka clients may be a password.
        problems.require(
                false,
                at(key),
                path.equals("kafka") && !ClientSection.OURS.contains(key) ? "(not shown)" : value.shown(),
                must);
    }

    /** Reports every key that was not read. */
    void close() {
        for (String key : entries.keySet()) {
            problems.require(asked.contains(key), at(key), "unknown key", "one of " + String.join(", ", asked));
        }
    }

    /** The value of an enum as written in a file. */
    static String word(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    private Section checked(String where, Optional<Tree> tree) {
        Section section = new Section(where, tree, problems);
        problems.require(section.usable, where, tree.map(Tree::shown).orElse("missing"), "a mapping of keys to values");
        return section;
    }

    private Optional<Tree> find(String key) {
        asked.add(key);
        return Optional.ofNullable(entries.get(key)).filter(v -> !(v instanceof Tree.Leaf leaf && leaf.isNull()));
    }

    private List<Tree> items(String key, String must) {
        Optional<Tree> value = find(key);
        if (value.isPresent() && !(value.get() instanceof Tree.Items)) {
            refuse(key, value.get(), must);
        }
        return value.isPresent() && value.get() instanceof Tree.Items items ? items.values() : List.of();
    }

    private Optional<String> text(String key, Tree value) {
        if (value instanceof Tree.Leaf leaf) {
            return Optional.of(leaf.text());
        }
        refuse(key, value, "a single value");
        return Optional.empty();
    }

    private double number(String where, Tree value, double otherwise, NumberRange range) {
        if (value instanceof Tree.Leaf leaf && !leaf.quoted()) {
            OptionalDouble number = Decimal.number(leaf.text());
            if (number.isPresent() && range.allows(number.getAsDouble())) {
                return number.getAsDouble();
            }
        }
        problems.require(false, where, value.shown(), range.words());
        return otherwise;
    }
}
