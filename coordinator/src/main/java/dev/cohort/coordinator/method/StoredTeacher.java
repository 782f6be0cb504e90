package dev.cohort.coordinator.method;

import dev.cohort.distill.OwnTeacher;
import java.util.Arrays;
import java.util.List;

/** The setting {@code method.teacher} of methods whose teacher is a stored network that every peer runs beside itself. */
final class StoredTeacher {
    static final String TEACHER = "teacher";
    static final String BUILT_IN = "builtin";

    /** Networks that come with the product, trained on its built-in images (docs/results/builtin-teachers). */
    static final String RESNET8 = OwnTeacher.Frozen.BUILT_IN + "resnet8";

    static final String RESNET14 = OwnTeacher.Frozen.BUILT_IN + "resnet14";
    /** A ResNet-8 that was stopped after a few steps. */
    static final String DEFECTIVE = OwnTeacher.Frozen.BUILT_IN + "resnet8-defective";

    private StoredTeacher() {}

    /** @param builtIn which network the default stands for, for people */
    static Parameter one(String builtIn) {
        return new Parameter(
                TEACHER,
                Parameter.Range.CHECKPOINT,
                BUILT_IN,
                "checkpoint file (.safetensors) of a peer of another run; builtin, for the built-in data alone: "
                        + builtIn);
    }

    /** @param builtIn which networks the default stands for, for people */
    static Parameter several(String builtIn) {
        return new Parameter(
                TEACHER,
                Parameter.Range.CHECKPOINTS,
                BUILT_IN,
                "checkpoint files (.safetensors) of peers of other runs, separated by commas; builtin, for the"
                        + " built-in data alone: " + builtIn);
    }

    /** The checkpoints that a method is set to. */
    static List<String> checkpoints(Arguments arguments, List<String> builtIn) {
        String said = arguments.word(TEACHER);
        return said.equals(BUILT_IN)
                ? builtIn
                : Arrays.stream(said.split(",", -1)).map(String::strip).toList();
    }
}
