package dev.cohort.peer.external;

import dev.cohort.experiment.UpdateRule;
import dev.cohort.experiment.WeightUpdate;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Normalisation;
import dev.cohort.protocol.wire.proto.LearnerWire;
import dev.cohort.tensor.DType;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What a network in another process is made from.
 *
 * @param model FILE.py:FUNCTION, timm:NAME, torchvision:NAME, file:FILE.pt or learner:FILE.py
 * @param image size of one image
 * @param classes C, the number of logits, at least 2
 * @param normalisation of the input, one mean and deviation per channel
 * @param dtype FLOAT32, or FLOAT64 for exactness tests: weights, outputs and gradients
 * @param slot position among the contributors of the experiment, from 0; 0 for a newcomer
 * @param seed of the initial weights; a newcomer has one of its own
 * @param runSeed of the run: randomness inside the network depends on it, the slot, the seed and the step alone
 * @param steps of the run; 0 where unknown
 * @param batchSize images of a batch, at least 1
 * @param device auto, cpu, or what the framework calls a device, such as cuda:0
 * @param threads that one operation may use, at least 1
 * @param learningRate of the run, before its schedule
 * @param update of the weights of a network that does not bring its own optimizer
 * @param pretrained whether to start from weights that the library of the model provides
 * @param weights safetensors file of initial weights
 * @param passes that may be parked at once, at least 1
 */
public record ExternalSetting(
        String model,
        ImageShape image,
        int classes,
        Normalisation normalisation,
        DType dtype,
        int slot,
        long seed,
        long runSeed,
        long steps,
        int batchSize,
        String device,
        int threads,
        double learningRate,
        WeightUpdate update,
        boolean pretrained,
        Optional<Path> weights,
        int passes) {
    /** Version of {@code learner.proto}. */
    static final int VERSION = 1;

    private static final String PROGRAM = "learner:";
    private static final Pattern EXTERNAL = Pattern.compile(
            "(timm|torchvision|loop):[^:]+|file:.+\\.pt|learner:.+\\.py|.+\\.py:[A-Za-z_][A-Za-z0-9_]*");

    public ExternalSetting {
        require(
                isExternal(model),
                "model '" + model
                        + "': must be FILE.py:FUNCTION, timm:NAME, torchvision:NAME, file:FILE.pt or learner:FILE.py");
        require(classes >= 2, "classes " + classes + ": must be at least 2");
        require(
                normalisation.mean().size() == image.channels(),
                "normalisation of " + normalisation.mean().size() + " channels: the images have " + image.channels());
        require(
                normalisation.deviation().stream().allMatch(d -> d > 0),
                "normalisation deviations " + normalisation.deviation() + ": must be above 0");
        require(dtype != DType.FLOAT16, "training in FLOAT16: must be FLOAT32 or FLOAT64");
        require(slot >= 0, "slot " + slot + ": must be at least 0");
        require(steps >= 0, "steps " + steps + ": must be at least 0");
        require(batchSize >= 1, "batch size " + batchSize + ": must be at least 1");
        require(threads >= 1, "threads " + threads + ": must be at least 1");
        require(passes >= 1, "parked passes " + passes + ": must be at least 1");
    }

    /** Whether a model of this name is one in another process. */
    public static boolean isExternal(String model) {
        return EXTERNAL.matcher(model).matches();
    }

    /** Whether a model is a program of the user's own that implements {@code learner.proto}. */
    public static boolean isProgram(String model) {
        return model.startsWith(PROGRAM);
    }

    /** The program that implements the protocol, if the model is one. */
    Optional<String> program() {
        return isProgram(model) ? Optional.of(model.substring(PROGRAM.length())) : Optional.empty();
    }

    LearnerWire.Hello hello() {
        return LearnerWire.Hello.newBuilder()
                .setVersion(VERSION)
                .setModel(model)
                .setClasses(classes)
                .setHeight(image.height())
                .setWidth(image.width())
                .setChannels(image.channels())
                .addAllMean(normalisation.mean())
                .addAllDeviation(normalisation.deviation())
                .setDtype(WireTensors.type(dtype))
                .setSlot(slot)
                .setSeed(seed)
                .setRunSeed(runSeed)
                .setSteps(steps)
                .setBatchSize(batchSize)
                .setDevice(device)
                .setThreads(threads)
                .setOptimizer(optimizer())
                .setPretrained(pretrained)
                .setWeights(weights.map(Path::toString).orElse(""))
                .setPasses(passes)
                .build();
    }

    private LearnerWire.Optimizer optimizer() {
        LearnerWire.Optimizer.Builder optimizer = LearnerWire.Optimizer.newBuilder()
                .setName(update.rule().word())
                .setWeightDecay(update.weightDecay())
                .setClipNorm(update.clipNorm().orElse(0))
                .setAverageDecay(update.averageDecay().orElse(0))
                .setLearningRate(learningRate);
        if (update.rule() instanceof UpdateRule.AdamW adamW) {
            optimizer.setBeta1(adamW.beta1()).setBeta2(adamW.beta2()).setEpsilon(adamW.epsilon());
        } else if (update.rule() instanceof UpdateRule.Sgd sgd) {
            optimizer.setMomentum(sgd.momentum()).setNesterov(sgd.nesterov());
        }
        return optimizer.build();
    }

    private static void require(boolean ok, String message) {
        if (!ok) {
            throw new IllegalArgumentException(message);
        }
    }
}
