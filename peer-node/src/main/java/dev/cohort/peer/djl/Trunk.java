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
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A network up to its last feature map: parts one after the other, some of whose outputs are feature maps with a name. Its
 * output is the list (output of the last part, then the maps asked for, in the order of the parts), each [N, C, H, W].
 *
 * <p>An output with two names is listed once for each that is asked for. What nobody asked for is freed as soon as the next part
 * has read it.
 */
final class Trunk extends AbstractBlock {
    private final List<String> asked;
    /** The part, counted from 0, of each map that is asked for. */
    private final List<Integer> mapped = new ArrayList<>();

    /** @param asked names of maps; names that no part has are ignored */
    Trunk(List<String> asked) {
        this.asked = List.copyOf(asked);
    }

    /** @param name as in {@link Composite#part} */
    Trunk then(String name, Block block) {
        children.add(name, block);
        return this;
    }

    /** Adds a block without parameters, which needs no name. */
    Trunk then(Stateless block) {
        return then("", block);
    }

    /** Gives the output of the part added last a name as a feature map. */
    Trunk map(String name) {
        if (asked.contains(name)) {
            mapped.add(children.size() - 1);
        }
        return this;
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore parameters, NDList inputs, boolean training, @Nullable PairList<String, Object> ignored) {
        NDList maps = new NDList();
        NDArray input = inputs.singletonOrThrow();
        NDArray value = input;
        for (int i = 0; i < children.size(); i++) {
            NDArray next = children.valueAt(i)
                    .forward(parameters, new NDList(value), training)
                    .singletonOrThrow();
            if (value != input && !mapped.contains(i - 1)) {
                value.close();
            }
            value = next;
            maps.addAll(Collections.nCopies(timesListed(i), value));
        }
        return new NDList(value).addAll(maps);
    }

    private int timesListed(int part) {
        return Collections.frequency(mapped, part);
    }

    /** Frees the output of the last part in an output of a trunk, unless it is a map that was asked for, too. */
    static void release(NDList output) {
        NDArray last = output.get(0);
        if (output.subNDList(1).stream().noneMatch(map -> map == last)) {
            last.close();
        }
    }

    @Override
    protected void initializeChildBlocks(NDManager manager, DataType dtype, Shape... inputs) {
        Shape shape = inputs[0];
        for (Block part : children.values()) {
            part.initialize(manager, dtype, shape);
            shape = Composite.outputShape(part, shape);
        }
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputs) {
        List<Shape> maps = new ArrayList<>();
        Shape shape = inputs[0];
        for (int i = 0; i < children.size(); i++) {
            shape = Composite.outputShape(children.valueAt(i), shape);
            maps.addAll(Collections.nCopies(timesListed(i), shape));
        }
        maps.add(0, shape);
        return maps.toArray(Shape[]::new);
    }
}
