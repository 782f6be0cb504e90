package dev.cohort.coordinator.method;

import dev.cohort.tensor.NamedTensors;
import dev.cohort.tensor.Tensor;
import java.util.function.IntPredicate;

/** Resets parts of a trained state to their initial values. */
final class ResetSlot {
    private ResetSlot() {}

    /** Resets the tensors, momentum included, whose names end with a dot and the slot's number. */
    static NamedTensors named(NamedTensors state, NamedTensors initial, int slot) {
        NamedTensors reset = state;
        for (String name : state.asMap().keySet()) {
            String plain = name.endsWith(TrainedParameter.MOMENTUM)
                    ? name.substring(0, name.length() - TrainedParameter.MOMENTUM.length())
                    : name;
            reset = plain.endsWith("." + slot) ? reset.with(name, initial.get(name)) : reset;
        }
        return reset;
    }

    /** Resets elements of one tensor. */
    static NamedTensors elements(NamedTensors state, NamedTensors initial, String name, IntPredicate which) {
        Tensor old = state.get(name);
        Tensor first = initial.get(name);
        double[] values = old.toDoubles();
        for (int i = 0; i < values.length; i++) {
            values[i] = which.test(i) ? first.at(i) : values[i];
        }
        return state.with(name, Tensor.of(old.dtype(), values, old.shape().toArray()));
    }
}
