package dev.cohort.coordinator.method;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.BiFunction;

/**
 * A method of mutual distillation: its description, its parameters, and the factory of its teacher.
 *
 * @param name as in an experiment
 * @param summary one line for users
 * @param formula the loss of peer i
 * @param paper source
 * @param parameters its settings
 * @param maker creates the teacher from valid arguments
 */
public record Method(
        String name,
        String summary,
        String formula,
        String paper,
        List<MethodParameter> parameters,
        BiFunction<Arguments, TeacherSetting, Teacher> maker) {
    /** How a loss is reduced to one number. */
    public static final String REDUCTION = "each term is the mean over the images of a batch";

    public Method {
        parameters = List.copyOf(parameters);
    }

    /** Notes unknown parameters and values out of range. */
    public void validate(Experiment.Method chosen, Problems problems, String path) {
        for (Map.Entry<String, String> entry : chosen.parameters().entrySet()) {
            String where = path + "." + entry.getKey();
            parameters.stream()
                    .filter(parameter -> parameter.name().equals(entry.getKey()))
                    .findFirst()
                    .ifPresentOrElse(
                            parameter -> parameter.range().note(entry.getValue(), problems, where),
                            () -> problems.add(where, "method " + name + " has no such parameter; it has " + names()));
        }
    }

    /**
     * The settings in force, defaults included.
     *
     * @throws IllegalArgumentException with all problems that {@link #validate} finds
     */
    public Arguments arguments(Experiment.Method chosen) {
        Problems problems = new Problems();
        problems.require(chosen.name().equals(name), "method.name", chosen.name(), name);
        validate(chosen, problems, "method");
        if (!problems.none()) {
            throw new IllegalArgumentException(String.join("; ", problems.found()));
        }
        SortedMap<String, String> values = new TreeMap<>();
        parameters.forEach(parameter -> values.put(parameter.name(), parameter.defaultValue()));
        values.putAll(chosen.parameters());
        return new Arguments(values);
    }

    /**
     * The teacher of a run.
     *
     * @throws IllegalArgumentException with all problems that {@link #validate} finds
     */
    public Teacher create(Experiment.Method chosen, TeacherSetting setting) {
        return maker.apply(arguments(chosen), setting);
    }

    /** Whether its teacher makes targets. */
    public boolean distils() {
        return example().distils();
    }

    /** Tensors besides the logits that its teacher reads with default settings. */
    public List<String> reads() {
        return example().reads();
    }

    /** Fewest contributors for which its teacher makes targets. */
    public int contributorsMin() {
        return example().contributorsMin();
    }

    /** A teacher with default settings, which knows what the method needs. */
    private Teacher example() {
        Experiment.Optimizer any = new Experiment.Optimizer(
                1, 0, false, 0, new Experiment.Schedule(Experiment.Schedule.Shape.CONSTANT, List.of(), 1, 0));
        return create(
                new Experiment.Method(name, Map.of()), new TeacherSetting(2, Ints.of(1, 1), 2, 1, any, DType.FLOAT32));
    }

    /**
     * The effective method in one line: every setting, the loss, and its reduction.
     *
     * @throws IllegalArgumentException with all problems that {@link #validate} finds
     */
    public String inForce(Experiment.Method chosen) {
        SortedMap<String, String> values = arguments(chosen).values();
        String settings = String.join(
                ", ",
                parameters.stream()
                        .map(p -> p.name() + "=" + values.get(p.name()))
                        .toList());
        return name + (settings.isEmpty() ? "" : " with " + settings) + ": " + formula + "; " + REDUCTION;
    }

    private String names() {
        return parameters.isEmpty()
                ? "none"
                : String.join(
                        ", ", parameters.stream().map(MethodParameter::name).toList());
    }
}
