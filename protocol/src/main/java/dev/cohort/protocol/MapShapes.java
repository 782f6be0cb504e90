package dev.cohort.protocol;

import dev.cohort.tensor.Ints;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The shapes of the feature maps that a method reads.
 *
 * @param bySlot for each map's name, such as {@code map/last}, the shape [channels, height, width] of one row in each slot
 */
public record MapShapes(SortedMap<String, List<Ints>> bySlot) {
    /** Of a method that reads no maps. */
    public static final MapShapes NONE = new MapShapes(new TreeMap<>());

    public MapShapes {
        SortedMap<String, List<Ints>> copy = new TreeMap<>();
        bySlot.forEach((name, shapes) -> copy.put(name, List.copyOf(shapes)));
        bySlot = Collections.unmodifiableSortedMap(copy);
        Sayable.count(Limits.DEFAULT.tensorsMax(), bySlot.keySet(), "feature maps");
        bySlot.forEach((name, shapes) -> {
            Sayable.name(name, "name of a feature map");
            Sayable.count(Limits.DEFAULT.slotsMax(), shapes, "shapes of " + name);
            shapes.forEach(shape -> Sayable.mapShape(shape, name));
        });
    }

    /**
     * The shape [channels, height, width] of one row of a map.
     *
     * @throws IllegalArgumentException if none is declared
     */
    public Ints row(String name, int slot) {
        List<Ints> shapes = bySlot.getOrDefault(name, List.of());
        if (slot < 0 || slot >= shapes.size()) {
            throw new IllegalArgumentException(name + " of slot " + slot + ": must be one of " + bySlot.keySet()
                    + " of " + shapes.size() + " slots, whose shapes are declared");
        }
        return shapes.get(slot);
    }

    /** Equal maps of the shape [channels, height, width] in every slot. */
    public static MapShapes alike(List<String> names, Ints rowShape, int slots) {
        SortedMap<String, List<Ints>> shapes = new TreeMap<>();
        names.forEach(name -> shapes.put(name, Collections.nCopies(slots, rowShape)));
        return new MapShapes(shapes);
    }
}
