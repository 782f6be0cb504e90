package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.maps.FeatureMap;
import dev.cohort.protocol.TensorName;
import dev.cohort.protocol.Term;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Feature maps [B, C, H, W] of the contributors to a step, of the shapes that the setting declares.
 *
 * @param bySlot by slot, then by name, such as {@code map/last}
 */
record PublishedMaps(SortedMap<Integer, SortedMap<String, FeatureMap>> bySlot) {
    PublishedMaps {
        bySlot = Collections.unmodifiableSortedMap(bySlot);
    }

    /** The tensors that words such as {@code stage1,stage2} name: {@code map/stage1}, {@code map/stage2}. */
    static List<String> names(String words) {
        return Arrays.stream(words.split(",", -1))
                .map(word -> TensorName.MAP + word)
                .toList();
    }

    /** The name of a map without its prefix. */
    static String word(String name) {
        return name.substring(TensorName.MAP.length());
    }

    /**
     * The maps with these names of all contributors.
     *
     * @throws IllegalArgumentException if a map is missing or has another shape than declared
     */
    static PublishedMaps of(List<String> names, Teacher.StepInput input, TeacherSetting setting) {
        SortedMap<Integer, SortedMap<String, FeatureMap>> bySlot = new TreeMap<>();
        for (Teacher.PeerPrediction prediction : input.predictions()) {
            SortedMap<String, FeatureMap> own = new TreeMap<>();
            for (String name : names) {
                own.put(name, map(prediction, name, input.labels().rows(), setting));
            }
            bySlot.put(prediction.slot(), own);
        }
        return new PublishedMaps(bySlot);
    }

    /** The maps of one name, by slot. */
    SortedMap<Integer, FeatureMap> of(String name) {
        SortedMap<Integer, FeatureMap> maps = new TreeMap<>();
        slots().forEach(slot -> maps.put(slot, map(slot, name)));
        return maps;
    }

    private static FeatureMap map(Teacher.PeerPrediction prediction, String name, int rows, TeacherSetting setting) {
        Ints row = setting.maps().row(name, prediction.slot());
        Ints expected = Ints.of(rows, row.get(0), row.get(1), row.get(2));
        Tensor tensor = prediction.tensors().get(name);
        if (!tensor.shape().equals(expected)) {
            throw new IllegalArgumentException(
                    name + " of slot " + prediction.slot() + " of shape " + tensor.shape() + ": must be " + expected);
        }
        return FeatureMap.of(tensor);
    }

    /** Slots of the contributors, ascending. */
    List<Integer> slots() {
        return List.copyOf(bySlot.keySet());
    }

    FeatureMap map(int slot, String name) {
        return Optional.ofNullable(bySlot.getOrDefault(slot, new TreeMap<>()).get(name))
                .orElseThrow(() -> new IllegalArgumentException(
                        "no " + name + " of slot " + slot + ": there are maps of slots " + bySlot.keySet()));
    }

    /**
     * The gradients at the maps of one slot as terms for its student.
     *
     * @param term name of the terms
     * @param gradients by the name of the map
     * @param wire element type of targets
     */
    List<Term> leafGradients(String term, int slot, SortedMap<String, double[]> gradients, DType wire) {
        return gradients.entrySet().stream()
                .<Term>map(of -> new Term.LeafGradient(term, of.getKey(), gradient(slot, of, wire)))
                .toList();
    }

    private Tensor gradient(int slot, Map.Entry<String, double[]> gradient, DType wire) {
        FeatureMap map = map(slot, gradient.getKey());
        return Tensor.of(
                gradientType(wire), gradient.getValue(), map.rows(), map.channels(), map.height(), map.width());
    }

    /** At least binary32: the gradient of a mean over B C H W numbers is often below the least number of binary16, 6e-8. */
    static DType gradientType(DType wire) {
        return wire == DType.FLOAT16 ? DType.FLOAT32 : wire;
    }
}
