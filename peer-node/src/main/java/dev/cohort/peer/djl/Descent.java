package dev.cohort.peer.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.nn.Parameter;
import dev.cohort.experiment.UpdateRule;
import dev.cohort.experiment.WeightUpdate;
import java.util.SortedMap;

/**
 * An {@link UpdateRule} with what it keeps of earlier gradients, which a checkpoint stores. DJL's own optimizers hide that state,
 * and its SGD puts the rate into the velocity.
 */
sealed interface Descent permits Sgd, AdamW {
    /** @param weights the trained weights by name; what is kept of their gradients belongs to {@code manager} */
    static Descent of(WeightUpdate update, SortedMap<String, Parameter> weights, NDManager manager) {
        if (update.rule() instanceof UpdateRule.AdamW adamW) {
            return new AdamW(adamW, update.weightDecay(), weights, manager);
        }
        if (update.rule() instanceof UpdateRule.Sgd sgd) {
            return new Sgd(sgd, update.weightDecay(), weights, manager);
        }
        throw new IllegalArgumentException("update rule " + update.rule() + ": must be sgd or adamw");
    }

    /** What is kept of earlier gradients, by its name in a snapshot. */
    SortedMap<String, NDArray> state();

    /** Updates all weights and leaves their gradients zero. */
    void step(double learningRate);
}
