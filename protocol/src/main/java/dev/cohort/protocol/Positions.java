package dev.cohort.protocol;

import java.util.Collections;
import java.util.Comparator;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Where in the log to continue reading: for each partition, the offset of the first record that is still needed. A partition
 * without an offset is read from its beginning.
 *
 * @param offsets at least 0 each
 */
public record Positions(SortedMap<Place, Long> offsets) {
    /** Every partition from its beginning. */
    public static final Positions NONE = new Positions(new TreeMap<>());

    public Positions {
        offsets.forEach((place, offset) -> {
            if (offset < 0) {
                throw new IllegalArgumentException("offset " + offset + " of " + place + ": must be at least 0");
            }
        });
        offsets = Collections.unmodifiableSortedMap(new TreeMap<>(offsets));
    }

    /** A partition of a topic of the run. */
    public record Place(Topic topic, int partition) implements Comparable<Place> {
        private static final Comparator<Place> ORDER =
                Comparator.comparing(Place::topic).thenComparingInt(Place::partition);

        public Place {
            Sayable.atLeast(0, partition, "partition");
        }

        @Override
        public int compareTo(Place other) {
            return ORDER.compare(this, other);
        }

        @Override
        public String toString() {
            return topic.suffix() + "-" + partition;
        }

        private static Place parse(String text) {
            int dash = text.lastIndexOf('-');
            for (Topic topic : Topic.values()) {
                if (dash > 0 && topic.suffix().equals(text.substring(0, dash))) {
                    return new Place(topic, Integer.parseInt(text.substring(dash + 1)));
                }
            }
            throw new IllegalArgumentException("partition '" + text + "': must be TOPIC-NUMBER");
        }
    }

    /** Where to continue in a partition; empty for its beginning. */
    public OptionalLong of(Topic topic, int partition) {
        Long offset = offsets.get(new Place(topic, partition));
        return offset == null ? OptionalLong.empty() : OptionalLong.of(offset);
    }

    /** As text, such as {@code batches-0=12 outcomes-0=11}; empty for {@link #NONE}. */
    public String text() {
        return offsets.entrySet().stream()
                .map(e -> e.getKey() + "=" + e.getValue())
                .collect(Collectors.joining(" "));
    }

    /**
     * Parses {@link #text}.
     *
     * @throws IllegalArgumentException when {@code text} has another form
     */
    public static Positions parse(String text) {
        Sayable.text(text, Limits.DEFAULT.textCharsMax(), "positions");
        SortedMap<Place, Long> offsets = new TreeMap<>();
        for (String one : text.isBlank() ? new String[0] : text.split(" ", -1)) {
            int equals = one.indexOf('=');
            try {
                offsets.put(
                        Place.parse(one.substring(0, Math.max(0, equals))), Long.parseLong(one.substring(equals + 1)));
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("position '" + one + "': must be TOPIC-NUMBER=OFFSET", e);
            }
        }
        return new Positions(offsets);
    }

    @Override
    public String toString() {
        return offsets.isEmpty() ? "the beginning" : text();
    }
}
