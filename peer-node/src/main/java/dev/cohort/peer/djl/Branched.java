package dev.cohort.peer.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractBlock;
import ai.djl.nn.core.Linear;
import ai.djl.nn.pooling.Pool;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Several branches on one trunk, and a gate that weighs them: the list (logits [N, C] and features [N, D] of the first branch,
 * the maps asked of the trunk and the first branch, branches [N, m (C + 1)]: the logits of each branch, then the gates).
 *
 * <pre>
 * g = softmax(relu(batchnorm(linear(h)))),  h [N, channels]: the trunk's feature map averaged over its height and width
 * </pre>
 *
 * The first branch has the names, and so the first weights, of a network without branches. The bias of the gate's linear layer
 * has no effect, since batch norm follows; the official code has it.
 *
 * <p>Source: Lan, Zhu, Gong, "Knowledge Distillation by On-the-fly Native Ensemble", NeurIPS 2018, and its code.
 */
final class Branched extends AbstractBlock {
    private final Trunk trunk;
    private final List<Classifier> branches;
    private final Sequential gate;
    private final int classes;

    /** @param branches at least 2, each fed with the output of the trunk */
    Branched(Trunk trunk, List<Classifier> branches, int classes) {
        this.trunk = trunk;
        this.branches = List.copyOf(branches);
        this.classes = classes;
        gate = new Sequential()
                .then("linear", Linear.builder().setUnits(branches.size()).build())
                .then("bn", Layers.norm())
                .then(Layers.relu());
        children.add("", trunk);
        for (int k = 0; k < branches.size(); k++) {
            children.add(k == 0 ? "" : "branch" + (k + 1), branches.get(k));
        }
        children.add("gate", gate);
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore parameters, NDList inputs, boolean training, @Nullable PairList<String, Object> ignored) {
        NDList low = trunk.forward(parameters, inputs, training);
        NDArray map = low.get(0);
        NDList first = branches.get(0).forward(parameters, new NDList(map), training);
        NDList columns = new NDList(first.get(0));
        for (Classifier branch : branches.subList(1, branches.size())) {
            columns.add(branch.forward(parameters, new NDList(map), training).get(0));
        }
        NDArray pooled = Pool.globalAvgPool2d(map);
        NDArray scores = gate.forward(parameters, new NDList(pooled), training).singletonOrThrow();
        columns.add(scores.softmax(1));
        Trunk.release(low);
        NDList outputs = new NDList(first.get(0), first.get(1));
        outputs.addAll(low.subNDList(1));
        outputs.addAll(first.subNDList(2));
        outputs.add(NDArrays.concat(columns, 1));
        return outputs;
    }

    @Override
    protected void initializeChildBlocks(NDManager manager, DataType dtype, Shape... inputs) {
        trunk.initialize(manager, dtype, inputs);
        Shape map = Composite.outputShape(trunk, inputs[0]);
        branches.forEach(branch -> branch.initialize(manager, dtype, map));
        gate.initialize(manager, dtype, new Shape(1, map.get(1)));
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputs) {
        Shape[] low = trunk.getOutputShapes(inputs);
        Shape[] first = branches.get(0).getOutputShapes(new Shape[] {low[0]});
        List<Shape> outputs = new ArrayList<>(List.of(first[0], first[1]));
        outputs.addAll(List.of(low).subList(1, low.length));
        outputs.addAll(List.of(first).subList(2, first.length));
        outputs.add(new Shape(inputs[0].get(0), (long) branches.size() * (classes + 1)));
        return outputs.toArray(Shape[]::new);
    }
}
