package dev.cohort.peer.djl;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;

/**
 * A unit of ShuffleNetV2: two branches, joined and shuffled over the channels. A unit that keeps the resolution gives half of
 * the channels to each branch and leaves the left half alone; one that halves it gives all channels to both.
 */
final class ShuffleUnit extends Composite {
    private final Block left;
    private final Block right;
    private final boolean split;

    private ShuffleUnit(Block left, Block right, boolean split) {
        this.left = part("left", left);
        this.right = part("right", right);
        this.split = split;
    }

    static ShuffleUnit keeping(Block right) {
        return new ShuffleUnit(new Sequential(), right, true);
    }

    static ShuffleUnit halving(Block left, Block right) {
        return new ShuffleUnit(left, right, false);
    }

    @Override
    NDArray wire(Values run, NDArray input) {
        NDList halves = split ? input.split(2, 1) : new NDList(input, input);
        NDArray leftOut = run.through(left, halves.get(0));
        NDArray rightOut = run.through(right, halves.get(1));
        try (NDArray joined = leftOut.concat(rightOut, 1)) {
            return shuffled(joined);
        } finally {
            leftOut.close();
            rightOut.close();
            if (split) {
                halves.close();
            }
        }
    }

    /** Channel j of the first half goes to 2j, of the second to 2j+1; in NHWC, the order in memory. */
    private static NDArray shuffled(NDArray joined) {
        long n = joined.getShape().get(0);
        long c = joined.getShape().get(1);
        long h = joined.getShape().get(2);
        long w = joined.getShape().get(3);
        try (NDArray nhwc = joined.transpose(0, 2, 3, 1);
                NDArray grouped = nhwc.reshape(n, h, w, 2, c / 2);
                NDArray swapped = grouped.transpose(0, 1, 2, 4, 3);
                NDArray flat = swapped.reshape(n, h, w, c)) {
            return flat.transpose(0, 3, 1, 2);
        }
    }

    @Override
    Shape wire(Shapes run, Shape input) {
        Shape branch = split ? Layers.withChannels(input, input.get(1) / 2) : input;
        Shape leftOut = run.through(left, branch);
        Shape rightOut = run.through(right, branch);
        return Layers.withChannels(rightOut, leftOut.get(1) + rightOut.get(1));
    }
}
