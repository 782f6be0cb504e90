package dev.cohort.peer.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import org.jspecify.annotations.Nullable;

/**
 * A block of one input and one output that is made of named parts. A subclass defines how the parts are wired, once for values
 * and once for shapes. A part named "" adds nothing to the names of its parameters.
 *
 * <p>Wirings close the intermediate arrays that they created: autograd keeps those that the backward pass reads, and the rest
 * of the memory is freed at once, not at the end of the pass.
 */
abstract class Composite extends AbstractBlock {
    /** Runs a part on a value. */
    interface Values {
        NDArray through(Block part, NDArray input);
    }

    /** Runs a part on a shape. */
    interface Shapes {
        Shape through(Block part, Shape input);
    }

    abstract NDArray wire(Values run, NDArray input);

    abstract Shape wire(Shapes run, Shape input);

    /** Adds a part; DJL's own method would put a number into the name. */
    final <B extends Block> B part(String name, B block) {
        children.add(name, block);
        return block;
    }

    @Override
    protected final NDList forwardInternal(
            ParameterStore parameters, NDList inputs, boolean training, @Nullable PairList<String, Object> ignored) {
        Values run = (part, input) ->
                part.forward(parameters, new NDList(input), training).singletonOrThrow();
        return new NDList(wire(run, inputs.singletonOrThrow()));
    }

    @Override
    public final Shape[] getOutputShapes(Shape[] inputs) {
        return new Shape[] {wire(Composite::outputShape, inputs[0])};
    }

    @Override
    protected final void initializeChildBlocks(NDManager manager, DataType dtype, Shape... inputs) {
        wire(
                (Shapes) (part, input) -> {
                    part.initialize(manager, dtype, input);
                    return outputShape(part, input);
                },
                inputs[0]);
    }

    static Shape outputShape(Block part, Shape input) {
        return part.getOutputShapes(new Shape[] {input})[0];
    }
}
