package dev.cohort.peer.djl;

import dev.cohort.distill.OwnTeacher;
import dev.cohort.peer.Learner;
import dev.cohort.peer.djl.Architecture.Family;
import dev.cohort.protocol.ImageShape;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The student networks by name. A ResNet or Wide ResNet also comes with 80, 60, 40 or 20 percent of its channels, under its
 * name with {@code -w80} to {@code -w20}. Everything but {@link #create} is plain data and loads neither DJL nor PyTorch, so
 * that a launcher can check names and look up feature widths and maps.
 */
public final class ModelCatalog {
    private static final List<Architecture> ALL = List.of(
            resNet(8, 75_290),
            resNet(14, 172_506),
            resNet(20, 269_722),
            resNet(32, 464_154),
            resNet(56, 853_018),
            resNet(110, 1_727_962),
            wideResNet(16, 2, 691_674),
            wideResNet(28, 10, 36_479_194),
            new Architecture(
                    "vgg16",
                    "VGG-16 with batch norm and one linear layer, as usual for CIFAR (Simonyan and Zisserman 2015)",
                    512,
                    14_728_266,
                    Family.VGG,
                    16,
                    1),
            new Architecture(
                    "densenet-40-12",
                    "DenseNet of 40 layers, growth rate 12, no bottleneck (Huang et al. 2017)",
                    448,
                    1_019_722,
                    Family.DENSENET,
                    40,
                    12),
            new Architecture(
                    "mobilenetv2",
                    "MobileNetV2 1.0x with the strides of 32x32 images (Sandler et al. 2018)",
                    1280,
                    2_236_682,
                    Family.MOBILENET_V2,
                    53,
                    1),
            new Architecture(
                    "shufflenetv2",
                    "ShuffleNetV2 1.0x with the strides of 32x32 images (Ma et al. 2018)",
                    1024,
                    1_263_854,
                    Family.SHUFFLENET_V2,
                    50,
                    1),
            new Architecture(
                    "mlp32",
                    "One hidden layer of 32 units on the pixels, no convolution: the smallest, for trials",
                    32,
                    98_666,
                    Family.ONE_HIDDEN_LAYER,
                    2,
                    32));

    private static final List<Integer> PERCENTS = List.of(80, 60, 40, 20);

    private static final List<Architecture> THINNER = ALL.stream()
            .filter(a -> a.family() == Family.RESNET)
            .flatMap(a -> PERCENTS.stream().map(percent -> thinner(a, percent)))
            .toList();

    private ModelCatalog() {}

    /** Names in the order of the catalogue: by family, small before large; without the thinner variants. */
    public static List<String> names() {
        return ALL.stream().map(Architecture::name).toList();
    }

    /** All architectures in the order of {@link #names}. */
    public static List<Architecture> all() {
        return ALL;
    }

    /** The thinner variants, in the same order, wide before narrow. */
    public static List<Architecture> thinner() {
        return THINNER;
    }

    public static Optional<Architecture> find(String name) {
        return Stream.concat(ALL.stream(), THINNER.stream())
                .filter(a -> a.name().equals(name))
                .findFirst();
    }

    /** The valid model names, to be read after "must be". */
    public static String choices() {
        return "one of " + String.join(", ", names())
                + "; a resnet also with fewer channels, as in resnet20-w60 (w80, w60,"
                + " w40 or w20: percent of the channels)";
    }

    /**
     * Width D of the pooled features.
     *
     * @throws IllegalArgumentException when no such model exists; the message lists the valid names
     */
    public static int featureWidth(String name) {
        return get(name).featureWidth();
    }

    /**
     * As {@link Architecture#maps}.
     *
     * @throws IllegalArgumentException when no such model exists; the message lists the valid names
     */
    public static List<Learner.Output> maps(String name, ImageShape image) {
        return get(name).maps(image);
    }

    /**
     * Starts PyTorch if necessary and creates a learner with initial weights.
     *
     * @throws IllegalArgumentException when the device does not exist
     * @throws IllegalStateException when PyTorch cannot be loaded; the message says what to do
     */
    public static DjlLearner create(LearnerSetting setting) {
        return new DjlLearner(setting);
    }

    /** As {@link #create(LearnerSetting)}, with the teacher that the student runs next to its own network. */
    public static Learner create(LearnerSetting setting, OwnTeacher ownTeacher) {
        if (ownTeacher instanceof OwnTeacher.None) {
            return create(setting);
        }
        if (ownTeacher instanceof OwnTeacher.Branches branches) {
            return new DjlLearner(setting, branches.count());
        }
        TeacherNetwork teacher = teacher(setting, ownTeacher);
        return new TaughtStudent(create(setting), teacher);
    }

    private static TeacherNetwork teacher(LearnerSetting setting, OwnTeacher kind) {
        if (kind instanceof OwnTeacher.Frozen frozen) {
            return StoredTeacher.of(setting, frozen);
        }
        DjlLearner network = new DjlLearner(setting.untrained());
        return kind instanceof OwnTeacher.Others others
                ? new PeerCopies(network, others, setting.classes())
                : new TrailingTeacher(network, kind);
    }

    static Architecture get(String name) {
        return find(name).orElseThrow(() -> new IllegalArgumentException("model '" + name + "': must be " + choices()));
    }

    private static Architecture thinner(Architecture full, int percent) {
        Architecture thin = new Architecture(
                full.name() + "-w" + percent,
                full.oneLine() + ", with " + percent + " % of its channels (Walawalkar et al. 2020)",
                full.featureWidth() * percent / 100,
                0,
                full.family(),
                full.depth(),
                full.width(),
                percent);
        return new Architecture(
                thin.name(),
                thin.oneLine(),
                thin.featureWidth(),
                parameters(thin),
                thin.family(),
                thin.depth(),
                thin.width(),
                percent);
    }

    /** Trainable parameters of a ResNet, with images of 3 channels and 10 classes. */
    private static long parameters(Architecture a) {
        int in = a.thinned(16);
        long sum = 9L * 3 * in + 2L * in;
        for (int stage = 1; stage <= 3; stage++) {
            int out = a.thinned(8 << stage);
            for (int i = 0; i < (a.depth() - 2) / 6; i++) {
                // Two convolutions, each followed by a batch norm.
                sum += 9L * in * out + 9L * out * out + 4L * out;
                in = out;
            }
        }
        return sum + 10L * in + 10;
    }

    private static Architecture resNet(int depth, long parameters) {
        return new Architecture(
                "resnet" + depth,
                "CIFAR ResNet of " + depth + " layers, basic blocks, parameter-free shortcuts (He et al. 2016)",
                64,
                parameters,
                Family.RESNET,
                depth,
                1);
    }

    private static Architecture wideResNet(int depth, int widening, long parameters) {
        return new Architecture(
                "wrn-" + depth + "-" + widening,
                "Wide ResNet of " + depth + " layers, " + widening + " times as wide (Zagoruyko and Komodakis 2016)",
                64 * widening,
                parameters,
                Family.WIDE_RESNET,
                depth,
                widening);
    }
}
