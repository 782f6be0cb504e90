package dev.cohort.peer.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.Block;
import ai.djl.nn.core.Linear;
import ai.djl.nn.pooling.Pool;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A trunk and its head: the list (logits [N, C], features [N, D], then the maps asked of the trunk). Features are the trunk's
 * last feature map averaged over its height and width; logits are linear in them.
 */
final class Classifier extends AbstractBlock {
    private final Trunk trunk;
    private final Block head;
    private final int featureWidth;
    private final int classes;

    Classifier(Trunk trunk, int featureWidth, int classes) {
        this.trunk = trunk;
        this.featureWidth = featureWidth;
        this.classes = classes;
        head = Linear.builder().setUnits(classes).build();
        children.add("", trunk);
        children.add("fc", head);
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore parameters, NDList inputs, boolean training, @Nullable PairList<String, Object> ignored) {
        NDList maps = trunk.forward(parameters, inputs, training);
        NDArray features = Pool.globalAvgPool2d(maps.get(0));
        NDArray logits =
                head.forward(parameters, new NDList(features), training).singletonOrThrow();
        Trunk.release(maps);
        return new NDList(logits, features).addAll(maps.subNDList(1));
    }

    @Override
    protected void initializeChildBlocks(NDManager manager, DataType dtype, Shape... inputs) {
        trunk.initialize(manager, dtype, inputs);
        long width = Composite.outputShape(trunk, inputs[0]).get(1);
        if (width != featureWidth) {
            throw new IllegalStateException("feature width " + featureWidth + ": the network has " + width);
        }
        head.initialize(manager, dtype, new Shape(1, featureWidth));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputs) {
        long n = inputs[0].get(0);
        Shape[] shapes = trunk.getOutputShapes(inputs);
        // The trunk's own output gives way to what is made of it.
        return Stream.concat(
                        Stream.of(new Shape(n, classes), new Shape(n, featureWidth)),
                        Stream.of(shapes).skip(1))
                .toArray(Shape[]::new);
    }
}
