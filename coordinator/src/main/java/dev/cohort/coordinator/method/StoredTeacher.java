package dev.cohort.coordinator.method;

import dev.cohort.distill.OwnTeacher;
import dev.cohort.experiment.Experiment;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The settings of methods whose teacher is a stored network that every peer runs beside itself. Unless {@code method.teacher}
 * names one, it has to be trained before the run: {@code method.teacher_model} for {@code method.teacher_steps} steps.
 */
public final class StoredTeacher {
    private static final String TEACHER = "teacher";
    private static final String TEACHER_MODEL = "teacher_model";
    private static final String TEACHER_STEPS = "teacher_steps";
    private static final String TRAIN = "train";
    private static final String BUILT_IN = "builtin";
    private static final String AUTO = "auto";
    private static final String OWN = "own";

    /** Networks that come with the product, trained on its built-in images (docs/results/builtin-teachers). */
    static final String RESNET8 = OwnTeacher.Frozen.BUILT_IN + "resnet8";

    static final String RESNET14 = OwnTeacher.Frozen.BUILT_IN + "resnet14";
    /** A ResNet-8 that was stopped after a few steps. */
    static final String DEFECTIVE = OwnTeacher.Frozen.BUILT_IN + "resnet8-defective";

    /** A value of {@code method.teacher_steps} that stops the training early. */
    static final String HARDLY = "10";

    private StoredTeacher() {}

    /**
     * A training that must run before a method can teach.
     *
     * @param models to train, in this order; empty stands for each model of the students
     * @param steps empty if the length depends on that of the run
     */
    public record Training(List<String> models, OptionalLong steps) {
        public Training {
            models = List.copyOf(models);
        }
    }

    /** The training needed before a run with {@code chosen}, a valid method; empty if its teacher exists or it has none. */
    public static Optional<Training> training(Experiment.Method chosen) {
        Arguments arguments = MethodCatalog.get(chosen.name()).arguments(chosen);
        if (!TRAIN.equals(arguments.values().get(TEACHER))) {
            return Optional.empty();
        }
        String models = arguments.word(TEACHER_MODEL);
        String steps = arguments.word(TEACHER_STEPS);
        return Optional.of(new Training(
                models.equals(OWN) ? List.of() : words(models),
                steps.equals(AUTO) ? OptionalLong.empty() : OptionalLong.of(Long.parseLong(steps))));
    }

    /** The same method with stored networks as its teachers. */
    public static Experiment.Method taughtBy(Experiment.Method chosen, List<String> files) {
        SortedMap<String, String> parameters = new TreeMap<>(chosen.parameters());
        parameters.put(TEACHER, String.join(",", files));
        return new Experiment.Method(chosen.name(), parameters);
    }

    /** Whether {@code chosen} may have more than one teacher. */
    public static boolean takesSeveral(Experiment.Method chosen) {
        return MethodCatalog.find(chosen.name()).stream()
                .flatMap(method -> method.parameters().stream())
                .anyMatch(parameter -> parameter.range() == MethodParameter.Range.CHECKPOINTS);
    }

    /** The paths that {@code chosen} names as its teachers, as written; empty if it names none. */
    public static List<String> named(Experiment.Method chosen) {
        boolean stored = MethodCatalog.find(chosen.name()).stream()
                .flatMap(method -> method.parameters().stream())
                .anyMatch(parameter -> parameter.name().equals(TEACHER));
        String value = stored ? chosen.parameters().getOrDefault(TEACHER, TRAIN) : TRAIN;
        boolean files = !value.equals(TRAIN)
                && !value.equals(BUILT_IN)
                && words(value).stream().noneMatch(String::isEmpty);
        return files ? words(value) : List.of();
    }

    /**
     * One network.
     *
     * @param builtIn the network that the word stands for, for users
     * @param model trained by default
     * @param steps trained by default
     */
    static List<MethodParameter> one(String builtIn, String model, String steps) {
        return List.of(
                new MethodParameter(
                        TEACHER,
                        MethodParameter.Range.CHECKPOINT,
                        TRAIN,
                        "checkpoint file (.safetensors), or the directory of a run, whose best peer teaches; builtin, for"
                                + " the built-in data alone: " + builtIn + "; train: one is trained first"),
                new MethodParameter(TEACHER_MODEL, MethodParameter.Range.MODEL, model, "model that is trained first"),
                steps(steps));
    }

    /**
     * Several networks.
     *
     * @param builtIn the networks that the word stands for, for users
     */
    static List<MethodParameter> several(String builtIn) {
        return List.of(
                new MethodParameter(
                        TEACHER,
                        MethodParameter.Range.CHECKPOINTS,
                        TRAIN,
                        "checkpoint files (.safetensors), or directories of runs, whose peers all teach, separated by"
                                + " commas; builtin, for the built-in data alone: " + builtIn
                                + "; train: they are trained first"),
                new MethodParameter(
                        TEACHER_MODEL,
                        MethodParameter.Range.MODELS,
                        OWN,
                        "models that are trained first, separated by commas; own: one of each model among the peers"),
                steps(AUTO));
    }

    private static MethodParameter steps(String steps) {
        return new MethodParameter(
                TEACHER_STEPS,
                MethodParameter.Range.STEPS,
                steps,
                "batches it is trained for; auto: 10 when the run has fewer than 100 steps, else an epoch");
    }

    /** The checkpoints that a method is set to; {@code train} while they have yet to be trained. */
    static List<String> checkpoints(Arguments arguments, List<String> builtIn) {
        String value = arguments.word(TEACHER);
        return value.equals(BUILT_IN) ? builtIn : words(value);
    }

    private static List<String> words(String value) {
        return Arrays.stream(value.split(",", -1)).map(String::strip).toList();
    }
}
