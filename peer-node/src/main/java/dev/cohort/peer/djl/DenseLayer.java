package dev.cohort.peer.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;

/** Channels of x, followed by those of {@code body(x)}: a layer of a DenseNet. */
final class DenseLayer extends Composite {
    private final Block body;

    DenseLayer(Block body) {
        this.body = part("", body);
    }

    @Override
    NDArray wire(Values run, NDArray input) {
        try (NDArray grown = run.through(body, input)) {
            return input.concat(grown, 1);
        }
    }

    @Override
    Shape wire(Shapes run, Shape input) {
        return Layers.withChannels(
                input, input.get(1) + run.through(body, input).get(1));
    }
}
