package dev.cohort.peer.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import dev.cohort.distill.Schedules;
import dev.cohort.peer.checkpoint.StoredNetwork;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The moving average of the weights and batch-norm statistics of a student, by which it is evaluated: after update t it becomes
 * {@code d average + (1 - d) weights}, with d of {@link Schedules#emaDecay}.
 */
final class WeightAverage {
    private final Student network;
    private final double decayMax;
    private final NDArray updates;

    /** @param network with the initial weights of the student */
    WeightAverage(Student network, double decayMax, NDManager manager) {
        this.network = network;
        this.decayMax = decayMax;
        updates = manager.zeros(new Shape(1), DataType.FLOAT64);
    }

    Student network() {
        return network;
    }

    /** Called after each update of {@code student}. */
    void follow(Student student) {
        double decay = Schedules.emaDecay((long) Arrays.read(updates).at(0), decayMax);
        updates.addi(1);
        Student.average(network.namedParameters(), student.namedParameters(), decay);
    }

    /** By its names in a snapshot. */
    SortedMap<String, NDArray> state() {
        SortedMap<String, NDArray> state = new TreeMap<>();
        network.namedParameters()
                .forEach((name, parameter) -> state.put(StoredNetwork.AVERAGE + name, parameter.getArray()));
        state.put(StoredNetwork.AVERAGED_UPDATES, updates);
        return state;
    }
}
