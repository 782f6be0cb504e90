package dev.cohort.cli;

import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.OwnNetwork;
import dev.cohort.experiment.WeightUpdate;
import dev.cohort.launch.local.NetworkCheck;
import dev.cohort.launch.local.OwnNetworks;
import dev.cohort.peer.djl.TorchEngine;
import dev.cohort.peer.external.ExternalSetting;
import dev.cohort.peer.process.StudentNetwork;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Normalisation;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.tensor.DType;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Tries a network of one's own. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        description = {
            "Check whether a network of your own can be a student.",
            "Starts it in its Python and trains it a few steps on random images. Reports its size, its outputs,"
                    + " the time of a step and the bytes that it would publish."
        },
        footer = {
            "    cohort models check mynet.py:make",
            "    cohort models check timm:resnet18 --image 32x32x3 --classes 100 --device cuda:0"
        },
        exitCodeList = {
            "0:It can be a student",
            "1:It cannot be a student; the output says why",
            ExitText.USAGE,
            ExitText.BUG
        })
final class ModelsCheckCommand implements Callable<Integer> {
    private static final Pattern IMAGE = Pattern.compile("([0-9]{1,5})x([0-9]{1,5})x([0-9]{1,3})");

    @Parameters(
            paramLabel = "MODEL",
            description = "FILE.py:FUNCTION, timm:NAME, torchvision:NAME, file:FILE.pt or learner:FILE.py.")
    private String model = "";

    @Option(names = "--image", paramLabel = "HxWxC", description = "Size of an image. Default: ${DEFAULT-VALUE}.")
    private String image = "32x32x3";

    @Option(names = "--classes", paramLabel = "C", description = "Number of classes. Default: ${DEFAULT-VALUE}.")
    private int classes = 10;

    @Option(names = "--batch", paramLabel = "B", description = "Images per batch. Default: ${DEFAULT-VALUE}.")
    private int batch = 64;

    @Option(names = "--steps", paramLabel = "N", description = "Training steps, at least 2. Default: ${DEFAULT-VALUE}.")
    private int steps = 6;

    @Option(names = "--method", paramLabel = "NAME", description = "Method for which bytes are counted. Default: one.")
    private String method = "one";

    @Option(names = "--device", paramLabel = "DEVICE", description = "As in the experiment. Default: auto.")
    private String device = "auto";

    @Option(
            names = "--python",
            paramLabel = "COMMAND",
            description = "Python to start. Default: COHORT_PYTHON, else python3.")
    private Optional<String> python = Optional.empty();

    @Option(names = "--pretrained", description = "Start from the weights that the library of the model provides.")
    private boolean pretrained;

    @Option(names = "--weights", paramLabel = "FILE", description = "Safetensors file of initial weights.")
    private Optional<Path> weights = Optional.empty();

    @Mixin
    private FormatOption output = new FormatOption();

    @Override
    public Integer call() {
        Matcher sides = IMAGE.matcher(image);
        if (!sides.matches()) {
            throw new CommandException(
                    ExitCode.USAGE, "--image " + image + ": must be HEIGHTxWIDTHxCHANNELS, for example 32x32x3");
        }
        if (steps < 2) {
            throw new CommandException(ExitCode.USAGE, "--steps " + steps + ": must be at least 2");
        }
        int channels = Integer.parseInt(sides.group(3));
        ExternalSetting setting = new ExternalSetting(
                OwnNetworks.withWholePath(model),
                new ImageShape(Integer.parseInt(sides.group(1)), Integer.parseInt(sides.group(2)), channels),
                classes,
                new Normalisation(Collections.nCopies(channels, 0.5), Collections.nCopies(channels, 0.25)),
                DType.FLOAT32,
                0,
                1,
                1,
                0,
                batch,
                device,
                Integer.getInteger(TorchEngine.THREADS, Runtime.getRuntime().availableProcessors()),
                1,
                WeightUpdate.sgd(0.9, false, 0),
                pretrained,
                weights,
                1);
        OwnNetwork own = OwnNetwork.of(python, pretrained, Optional.empty());
        NetworkCheck check = NetworkCheck.of(
                setting, StudentNetwork.interpreter(own), steps, new Experiment.Method(method, Map.of()));
        output.print(check);
        return (check.ok() ? ExitCode.OK : ExitCode.FAILED).code();
    }
}
