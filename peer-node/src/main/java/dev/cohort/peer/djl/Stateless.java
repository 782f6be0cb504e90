package dev.cohort.peer.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** An operation without parameters. Unlike DJL's lambda block it knows its output shape without running. */
final class Stateless extends AbstractBlock {
    private final UnaryOperator<NDArray> operation;
    private final UnaryOperator<Shape> shape;

    Stateless(UnaryOperator<NDArray> operation, UnaryOperator<Shape> shape) {
        this.operation = operation;
        this.shape = shape;
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore parameters, NDList inputs, boolean training, @Nullable PairList<String, Object> ignored) {
        return new NDList(operation.apply(inputs.singletonOrThrow()));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputs) {
        return new Shape[] {shape.apply(inputs[0])};
    }
}
