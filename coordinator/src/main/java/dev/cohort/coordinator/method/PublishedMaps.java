package dev.cohort.coordinator.method;

import dev.cohort.distill.maps.FeatureMap;
import dev.cohort.protocol.MapShapes;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.SortedMap;
import java.util.TreeMap;

/** Feature maps of the contributors' predictions, with checked shapes. */
final class PublishedMaps {
    private PublishedMaps() {}

    /**
     * The maps [rows, C, H, W] of one name, by slot.
     *
     * @param shapes declared for the run
     */
    static SortedMap<Integer, FeatureMap> bySlot(
            SortedMap<Integer, NamedTensors> predictions, String name, int rows, MapShapes shapes) {
        SortedMap<Integer, FeatureMap> maps = new TreeMap<>();
        predictions.forEach((slot, tensors) -> {
            Tensor map = tensors.get(name);
            Ints row = shapes.row(name, slot);
            Ints expected = Ints.of(rows, row.get(0), row.get(1), row.get(2));
            if (!map.shape().equals(expected)) {
                throw new IllegalArgumentException(
                        name + " of slot " + slot + " of shape " + map.shape() + ": must be " + expected);
            }
            maps.put(slot, FeatureMap.of(map));
        });
        return maps;
    }
}
