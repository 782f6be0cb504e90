package dev.cohort.peer.djl;

import ai.djl.nn.Block;
import dev.cohort.protocol.ImageShape;
import java.util.ArrayList;
import java.util.List;

/**
 * Builds the trunk of an architecture: everything before the pooled features, [N, channels, H, W] to [N, D, h, w]. {@code maps}
 * are the names of the feature maps that it lists besides; their shapes are in {@link FeatureMaps}.
 */
final class Networks {
    private Networks() {}

    static Trunk trunk(Architecture architecture, ImageShape image, List<String> maps) {
        Trunk trunk = new Trunk(maps);
        return switch (architecture.family()) {
            case RESNET -> highResNet(lowResNet(trunk, architecture), architecture);
            case WIDE_RESNET -> wideResNet(trunk, architecture.depth(), architecture.width());
            case VGG -> vgg16(trunk, image);
            case DENSENET -> denseNet(trunk, architecture.depth(), architecture.width());
            case MOBILENET_V2 -> mobileNetV2(trunk);
            case SHUFFLENET_V2 -> shuffleNetV2(trunk);
            case ONE_HIDDEN_LAYER -> oneHiddenLayer(trunk, image, architecture.width());
        };
    }

    /**
     * The first two stages of He et al. 2016, section 4.2: 6n+2 layers, 16, 32 and 64 channels, shortcuts of option A. A
     * thinner network is thinner from its first convolution on, so that the channels of every shortcut match.
     */
    private static Trunk lowResNet(Trunk trunk, Architecture architecture) {
        return trunk.then("conv1", Layers.conv(architecture.thinned(16), 3, 1))
                .then("bn1", Layers.norm())
                .then(Layers.relu())
                .then("layer1", resNetStage(architecture, 1))
                .map(FeatureMaps.stage(1))
                .then("layer2", resNetStage(architecture, 2))
                .map(FeatureMaps.stage(2));
    }

    /** The third stage. */
    private static Trunk highResNet(Trunk trunk, Architecture architecture) {
        return trunk.then("layer3", resNetStage(architecture, 3))
                .map(FeatureMaps.stage(3))
                .map(FeatureMaps.LAST);
    }

    /** A convolution as large as the image is a fully connected layer, whose single pixel is not a feature map. */
    private static Trunk oneHiddenLayer(Trunk trunk, ImageShape image, int units) {
        return trunk.then("hidden", Layers.whole(image, units)).then(Layers.relu());
    }

    private static Sequential resNetStage(Architecture architecture, int stage) {
        Sequential layer = new Sequential();
        int filters = architecture.thinned(8 << stage);
        int channels = stage == 1 ? filters : architecture.thinned(4 << stage);
        for (int i = 0; i < (architecture.depth() - 2) / 6; i++) {
            layer.then(Integer.toString(i), basicBlock(channels, filters));
            channels = filters;
        }
        return layer;
    }

    /**
     * A ResNet with several copies of its third stage and linear layer, on shared first stages. The feature map of the third
     * stage is that of the first copy, as are logits and features.
     *
     * @throws IllegalArgumentException for another family
     */
    static Branched branched(Architecture architecture, int classes, int branches, List<String> maps) {
        if (!architecture.branches()) {
            throw new IllegalArgumentException(
                    "model " + architecture.name() + ": must be a resnet to have " + branches + " branches");
        }
        List<Classifier> all = new ArrayList<>();
        for (int k = 0; k < branches; k++) {
            Trunk stage = highResNet(new Trunk(k == 0 ? maps : List.of()), architecture);
            all.add(new Classifier(stage, architecture.featureWidth(), classes));
        }
        return new Branched(lowResNet(new Trunk(maps), architecture), all, classes);
    }

    private static Block basicBlock(int channels, int filters) {
        boolean same = channels == filters;
        Sequential body = new Sequential()
                .then("conv1", Layers.conv(filters, 3, same ? 1 : 2))
                .then("bn1", Layers.norm())
                .then(Layers.relu())
                .then("conv2", Layers.conv(filters, 3, 1))
                .then("bn2", Layers.norm());
        Residual residual = same ? new Residual(body) : new Residual(body, Layers.subsample(channels, filters));
        return new Sequential().then("", residual).then(Layers.relu());
    }

    /**
     * Zagoruyko and Komodakis 2016: 6n+4 layers, batch norm and ReLU before each convolution. The map of a stage comes after
     * the batch norm and ReLU that follow its sum: both ways of the next block start there, since its channels are others.
     */
    private static Trunk wideResNet(Trunk trunk, int depth, int widening) {
        trunk.then("conv1", Layers.conv(16, 3, 1));
        for (int stage = 1; stage <= 3; stage++) {
            String block = "block" + stage + ".";
            int filters = (8 << stage) * widening;
            trunk.then(block + "0.bn1", Layers.norm()).then(Layers.relu());
            if (stage > 1) {
                trunk.map(FeatureMaps.stage(stage - 1));
            }
            int stride = stage == 1 ? 1 : 2;
            trunk.then(block + "0", new Residual(wideConvolutions(filters, stride), Layers.conv(filters, 1, stride)));
            for (int i = 1; i < (depth - 4) / 6; i++) {
                Sequential body = new Sequential()
                        .then("bn1", Layers.norm())
                        .then(Layers.relu())
                        .then("", wideConvolutions(filters, 1));
                trunk.then(block + i, new Residual(body));
            }
        }
        return trunk.then("bn1", Layers.norm())
                .then(Layers.relu())
                .map(FeatureMaps.stage(3))
                .map(FeatureMaps.LAST);
    }

    private static Sequential wideConvolutions(int filters, int stride) {
        return new Sequential()
                .then("conv1", Layers.conv(filters, 3, stride))
                .then("bn2", Layers.norm())
                .then(Layers.relu())
                .then("conv2", Layers.conv(filters, 3, 1));
    }

    /**
     * Simonyan and Zisserman 2015, configuration D, with batch norm. A pool that would leave no pixel is omitted. The map of a
     * stage comes before its pool, the last one after.
     */
    private static Trunk vgg16(Trunk trunk, ImageShape image) {
        int side = Math.min(image.height(), image.width());
        int layer = 0;
        int number = 0;
        for (List<Integer> stage : List.of(
                List.of(64, 64),
                List.of(128, 128),
                List.of(256, 256, 256),
                List.of(512, 512, 512),
                List.of(512, 512, 512))) {
            for (int filters : stage) {
                layer++;
                trunk.then("conv" + layer, Layers.convWithBias(filters, 3))
                        .then("bn" + layer, Layers.norm())
                        .then(Layers.relu());
            }
            number++;
            trunk.map(FeatureMaps.stage(number));
            if (side >= 2) {
                trunk.then(Layers.maxPool());
                side /= 2;
            }
        }
        return trunk.map(FeatureMaps.LAST);
    }

    /** Huang et al. 2017: 3n+4 layers, 16 channels to start with, transitions that keep the number of channels. */
    private static Trunk denseNet(Trunk trunk, int depth, int growth) {
        trunk.then("conv1", Layers.conv(16, 3, 1));
        int channels = 16;
        for (int stage = 1; stage <= 3; stage++) {
            Sequential dense = new Sequential();
            for (int i = 0; i < (depth - 4) / 3; i++) {
                dense.then(Integer.toString(i), new DenseLayer(normReluConv(growth, 3)));
                channels += growth;
            }
            trunk.then("dense" + stage, dense).map(FeatureMaps.stage(stage));
            if (stage < 3) {
                trunk.then("transition" + stage, normReluConv(channels, 1)).then(Layers.averagePool());
            }
        }
        return trunk.then("bn", Layers.norm()).then(Layers.relu()).map(FeatureMaps.LAST);
    }

    private static Sequential normReluConv(int filters, int kernel) {
        return new Sequential()
                .then("bn", Layers.norm())
                .then(Layers.relu())
                .then("conv", Layers.conv(filters, kernel, 1));
    }

    /**
     * Sandler et al. 2018, table 2, width 1.0. Of its five strides of 2 the first two are 1 here, as usual for 32x32: images
     * end at 1/8 of their size. A stage is what has one resolution, and ends where the next unit halves it.
     */
    private static Trunk mobileNetV2(Trunk trunk) {
        trunk.then("first", convNormRelu6(32, 3));
        int channels = 32;
        int unit = 0;
        int stage = 0;
        // Expansion, channels, repetitions, stride of the first.
        for (List<Integer> row : List.of(
                List.of(1, 16, 1, 1),
                List.of(6, 24, 2, 1),
                List.of(6, 32, 3, 2),
                List.of(6, 64, 4, 2),
                List.of(6, 96, 3, 1),
                List.of(6, 160, 3, 2),
                List.of(6, 320, 1, 1))) {
            if (row.get(3) == 2) {
                stage++;
                trunk.map(FeatureMaps.stage(stage));
            }
            for (int i = 0; i < row.get(2); i++) {
                unit++;
                trunk.then("unit" + unit, invertedResidual(row.get(0), channels, row.get(1), i == 0 ? row.get(3) : 1));
                channels = row.get(1);
            }
        }
        return trunk.map(FeatureMaps.stage(stage + 1))
                .then("last", convNormRelu6(1280, 1))
                .map(FeatureMaps.LAST);
    }

    private static Block invertedResidual(int expansion, int channels, int filters, int stride) {
        int wide = channels * expansion;
        Sequential body = new Sequential();
        if (expansion != 1) {
            body.then("expand", convNormRelu6(wide, 1));
        }
        body.then("conv", Layers.depthwise(wide, stride))
                .then("bn", Layers.norm())
                .then(Layers.relu6())
                .then("project", convNorm(filters, 1));
        return stride == 1 && channels == filters ? new Residual(body) : body;
    }

    /**
     * Ma et al. 2018, table 5, width 1.0. The first convolution has stride 1 and no pool follows, as usual for 32x32: images
     * end at 1/8 of their size. Stages are counted as in the paper, whose first is a convolution.
     */
    private static Trunk shuffleNetV2(Trunk trunk) {
        trunk.then("first", convNormRelu(24, 3)).map(FeatureMaps.stage(1));
        int channels = 24;
        int stage = 2;
        for (List<Integer> row : List.of(List.of(116, 4), List.of(232, 8), List.of(464, 4))) {
            int half = row.get(0) / 2;
            Sequential units = new Sequential().then("0", halvingUnit(channels, half));
            for (int i = 1; i < row.get(1); i++) {
                units.then(Integer.toString(i), ShuffleUnit.keeping(shuffleBranch(half, 1)));
            }
            trunk.then("stage" + stage, units).map(FeatureMaps.stage(stage));
            channels = row.get(0);
            stage++;
        }
        return trunk.then("last", convNormRelu(1024, 1)).map(FeatureMaps.LAST);
    }

    private static Block halvingUnit(int channels, int half) {
        Sequential left = new Sequential()
                .then("conv", Layers.depthwise(channels, 2))
                .then("bn", Layers.norm())
                .then("project", convNormRelu(half, 1));
        return ShuffleUnit.halving(left, shuffleBranch(half, 2));
    }

    private static Block shuffleBranch(int half, int stride) {
        return new Sequential()
                .then("expand", convNormRelu(half, 1))
                .then("conv", Layers.depthwise(half, stride))
                .then("bn", Layers.norm())
                .then("project", convNormRelu(half, 1));
    }

    private static Sequential convNorm(int filters, int kernel) {
        return new Sequential().then("conv", Layers.conv(filters, kernel, 1)).then("bn", Layers.norm());
    }

    private static Sequential convNormRelu(int filters, int kernel) {
        return convNorm(filters, kernel).then(Layers.relu());
    }

    private static Sequential convNormRelu6(int filters, int kernel) {
        return convNorm(filters, kernel).then(Layers.relu6());
    }
}
