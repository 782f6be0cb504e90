package dev.cohort.peer.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;

/** {@code body(x) + shortcut(x)}. */
final class Residual extends Composite {
    private final Block body;
    private final Block shortcut;

    Residual(Block body, Block shortcut) {
        this.body = part("", body);
        this.shortcut = part("shortcut", shortcut);
    }

    /** With the identity as shortcut. */
    Residual(Block body) {
        this(body, new Sequential());
    }

    @Override
    NDArray wire(Values run, NDArray input) {
        NDArray deep = run.through(body, input);
        NDArray direct = run.through(shortcut, input);
        NDArray sum = deep.add(direct);
        deep.close();
        if (direct != input) {
            direct.close();
        }
        return sum;
    }

    @Override
    Shape wire(Shapes run, Shape input) {
        run.through(shortcut, input);
        return run.through(body, input);
    }
}
