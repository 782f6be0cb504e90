package dev.cohort.coordinator.method;

import dev.cohort.distill.maps.FeatureMap;
import dev.cohort.distill.maps.Paraphraser;
import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * A {@link Paraphraser} for each teacher and map, in a teacher's state as {@code paraphraser.map.slot.}: what is taught is the code.
 * Each is trained by the reconstruction of the maps of its own slot alone, and the code is constant for students.
 */
final class Paraphrasers implements TaughtMaps {
    private static final String PREFIX = "paraphraser.";

    private final List<String> maps;
    private final double rate;
    private final IntPredicate teaches;
    private final TeacherSetting setting;

    /**
     * @param maps names, such as {@code map/last}
     * @param rate channels of a code as a share of those of its map
     * @param teaches whether the slot teaches anybody
     */
    Paraphrasers(List<String> maps, double rate, IntPredicate teaches, TeacherSetting setting) {
        this.maps = maps;
        this.rate = rate;
        this.teaches = teaches;
        this.setting = setting;
    }

    /** K, at least 1. */
    @Override
    public int channels(int ofMap) {
        return Math.max(1, (int) (rate * ofMap));
    }

    private FactorParameters parameters(String map, int slot) {
        int channels = setting.maps().row(map, slot).get(0);
        return FactorParameters.ofParaphraser(prefix(map, slot), channels, channels(channels));
    }

    private static String prefix(String map, int slot) {
        return PREFIX + PublishedMaps.word(map) + "." + slot + ".";
    }

    @Override
    public void initial(Map<String, Tensor> state) {
        for (String map : maps) {
            IntStream.range(0, setting.slots())
                    .filter(teaches)
                    .forEach(slot -> parameters(map, slot).initial(state, setting.seed(), slot));
        }
    }

    @Override
    public NamedTensors renewed(NamedTensors state, NamedTensors initial, int slot) {
        NamedTensors reset = state;
        for (String name : state.asMap().keySet()) {
            boolean own = maps.stream().anyMatch(map -> name.startsWith(prefix(map, slot)));
            reset = own ? ResetSlot.whole(reset, initial, name) : reset;
        }
        return reset;
    }

    private record Place(String map, int slot) {}

    private record Coded(Place place, Paraphraser.Trained trained) {}

    @Override
    public Step of(NamedTensors state, PublishedMaps published) {
        List<Place> places = new ArrayList<>();
        for (String map : maps) {
            published.slots().stream().filter(teaches::test).forEach(slot -> places.add(new Place(map, slot)));
        }
        // None needs another, so they are trained side by side, each by one thread.
        List<Coded> coded = places.parallelStream()
                .map(place -> new Coded(place, trained(state, published, place)))
                .toList();
        SortedMap<Integer, SortedMap<String, FeatureMap>> codes = new TreeMap<>();
        SortedMap<String, double[]> gradients = new TreeMap<>();
        SortedMap<Integer, SortedMap<String, Double>> losses = new TreeMap<>();
        for (Coded one : coded) {
            Place at = one.place();
            codes.computeIfAbsent(at.slot(), slot -> new TreeMap<>())
                    .put(at.map(), one.trained().code());
            losses.computeIfAbsent(at.slot(), slot -> new TreeMap<>())
                    .put(PublishedMaps.word(at.map()), one.trained().loss());
            gradients.putAll(parameters(at.map(), at.slot()).named(one.trained().parameters()));
        }
        return new Step(new PublishedMaps(codes), gradients, losses);
    }

    private Paraphraser.Trained trained(NamedTensors state, PublishedMaps published, Place at) {
        return new Paraphraser(parameters(at.map(), at.slot()).in(state))
                .reconstruct(published.map(at.slot(), at.map()));
    }
}
