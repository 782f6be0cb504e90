package dev.cohort.peer.djl;

import dev.cohort.peer.Learner.Output;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.TensorName;
import dev.cohort.tensor.Ints;
import java.util.ArrayList;
import java.util.List;

/**
 * The feature maps of the networks, by formula: plain data, which does not load PyTorch. A network has one map for each of its
 * stages and {@link #LAST}; row shapes are [C, H, W].
 */
final class FeatureMaps {
    /** The map whose average over height and width is the features. It may be that of the last stage. */
    static final String LAST = TensorName.MAP + "last";

    private FeatureMaps() {}

    /** The output of a stage, counted from 1. */
    static String stage(int number) {
        return TensorName.MAP + "stage" + number;
    }

    /** The maps of a network in the order in which it computes them; none for a network without stages. */
    static List<Output> of(Architecture architecture, ImageShape image) {
        List<Output> maps = new ArrayList<>();
        for (Ints shape : stages(architecture, image)) {
            maps.add(new Output(stage(maps.size() + 1), shape, true));
        }
        if (!maps.isEmpty()) {
            Ints end = maps.get(maps.size() - 1).rowShape();
            maps.add(new Output(LAST, last(architecture, end), true));
        }
        return maps;
    }

    /** Row shapes of the outputs of all stages. */
    static List<Ints> stages(Architecture a, ImageShape image) {
        return switch (a.family()) {
            case RESNET -> shapes(image, Halving.BY_STRIDE, a.thinned(16), a.thinned(32), a.thinned(64));
            case WIDE_RESNET -> shapes(image, Halving.BY_STRIDE, 16 * a.width(), 32 * a.width(), 64 * a.width());
            case VGG -> shapes(image, Halving.BY_POOL, 64, 128, 256, 512, 512);
            case DENSENET -> {
                int grown = (a.depth() - 4) / 3 * a.width();
                yield shapes(image, Halving.BY_POOL, 16 + grown, 16 + 2 * grown, 16 + 3 * grown);
            }
            case MOBILENET_V2 -> shapes(image, Halving.BY_STRIDE, 24, 32, 96, 320);
            case SHUFFLENET_V2 -> shapes(image, Halving.BY_STRIDE, 24, 116, 232, 464);
            case ONE_HIDDEN_LAYER -> List.of();
        };
    }

    private static List<Ints> shapes(ImageShape image, Halving halving, int... channels) {
        List<Ints> shapes = new ArrayList<>();
        Ints shape = Ints.of(image.channels(), image.height(), image.width());
        for (int stage = 0; stage < channels.length; stage++) {
            Ints sized = stage == 0 ? shape : halving.half(shape);
            shape = Ints.of(channels[stage], sized.get(1), sized.get(2));
            shapes.add(shape);
        }
        return shapes;
    }

    private static Ints last(Architecture a, Ints end) {
        Ints sized = a.family() == Architecture.Family.VGG ? Halving.BY_POOL.half(end) : end;
        return Ints.of(a.featureWidth(), sized.get(1), sized.get(2));
    }

    /** How the stages of a network reduce height and width to a half. */
    private enum Halving {
        /** A convolution of stride 2 rounds up. */
        BY_STRIDE,
        /** A pool rounds down; one that would leave no pixel is omitted. */
        BY_POOL;

        Ints half(Ints shape) {
            int height = shape.get(1);
            int width = shape.get(2);
            if (this == BY_STRIDE) {
                return Ints.of(shape.get(0), (height + 1) / 2, (width + 1) / 2);
            }
            return Math.min(height, width) < 2 ? shape : Ints.of(shape.get(0), height / 2, width / 2);
        }
    }
}
