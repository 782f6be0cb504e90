package dev.cohort.peer.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;

/** Parts one after the other; without parts, the identity. */
final class Sequential extends Composite {
    Sequential then(String name, Block block) {
        part(name, block);
        return this;
    }

    /** Adds a block without parameters, which needs no name. */
    Sequential then(Stateless block) {
        return then("", block);
    }

    @Override
    NDArray wire(Values run, NDArray input) {
        NDArray value = input;
        for (Block block : children.values()) {
            NDArray next = run.through(block, value);
            if (value != input && value != next) {
                value.close();
            }
            value = next;
        }
        return value;
    }

    @Override
    Shape wire(Shapes run, Shape input) {
        Shape shape = input;
        for (Block block : children.values()) {
            shape = run.through(block, shape);
        }
        return shape;
    }
}
