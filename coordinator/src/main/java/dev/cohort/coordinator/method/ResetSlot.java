package dev.cohort.coordinator.method;

import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.Optional;
import java.util.function.IntPredicate;

/** Resets parts of a trained state to their initial values. */
final class ResetSlot {
    private ResetSlot() {}

    /** Resets the parameters whose names end with a dot and the slot's number, and what is kept of their gradients. */
    static NamedTensors named(NamedTensors state, NamedTensors initial, int slot) {
        NamedTensors reset = state;
        for (String name : state.asMap().keySet()) {
            reset = TrainedParameter.owner(name).endsWith("." + slot) ? whole(reset, initial, name) : reset;
        }
        return reset;
    }

    /** Resets one tensor. */
    static NamedTensors whole(NamedTensors state, NamedTensors initial, String name) {
        return elements(state, initial, name, i -> true);
    }

    /** Resets elements of one tensor; what the initial state lacks starts at 0. */
    static NamedTensors elements(NamedTensors state, NamedTensors initial, String name, IntPredicate which) {
        Tensor old = state.get(name);
        Optional<Tensor> first = initial.find(name);
        double[] values = old.toDoubles();
        for (int i = 0; i < values.length; i++) {
            int at = i;
            values[i] = which.test(i) ? first.map(tensor -> tensor.at(at)).orElse(0.0) : values[i];
        }
        return state.with(name, Tensor.of(old.dtype(), values, old.shape().toArray()));
    }
}
