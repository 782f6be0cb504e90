package dev.cohort.coordinator.method;

import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** What {@link MapTeacher} teaches of the maps of a slot: the maps themselves, or codes of them. */
interface TaughtMaps {
    /** The maps themselves. */
    TaughtMaps WHOLE = new TaughtMaps() {
        @Override
        public int channels(int ofMap) {
            return ofMap;
        }

        @Override
        public void initial(Map<String, Tensor> state) {}

        @Override
        public NamedTensors renewed(NamedTensors state, NamedTensors initial, int slot) {
            return state;
        }

        @Override
        public Step of(NamedTensors state, PublishedMaps published) {
            return new Step(published, new TreeMap<>(), new TreeMap<>());
        }
    };

    /** Channels of what is taught of a map with so many channels. */
    int channels(int ofMap);

    /** Adds fresh parameters to a state. */
    void initial(Map<String, Tensor> state);

    /** A state in which the parameters of a slot are as in {@code initial}. */
    NamedTensors renewed(NamedTensors state, NamedTensors initial, int slot);

    /** What the contributors to a step teach. */
    Step of(NamedTensors state, PublishedMaps published);

    /**
     * What is taught in one step.
     *
     * @param maps by the names of the maps that they stand for
     * @param parameters gradients of what makes them, by the names in the state
     * @param losses of what makes them, by slot, then by the name of the map without its prefix
     */
    record Step(
            PublishedMaps maps,
            SortedMap<String, double[]> parameters,
            SortedMap<Integer, SortedMap<String, Double>> losses) {}
}
