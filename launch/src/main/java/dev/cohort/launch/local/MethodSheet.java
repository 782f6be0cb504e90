package dev.cohort.launch.local;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.coordinator.method.Method;
import dev.cohort.coordinator.method.MethodParameter;
import dev.cohort.coordinator.method.TeacherSetting;
import dev.cohort.coordinator.method.Traffic;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.OwnTeacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.TensorName;
import dev.cohort.study.view.Printout;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A method in full: its loss, source, settings and the sizes of its messages, measured on encoded ones.
 *
 * @param step sizes for which the messages are measured
 */
public record MethodSheet(Method method, Teacher teacher, Traffic.Step step, Traffic traffic) implements Printout {
    static final Experiment.Optimizer OPTIMIZER = new Experiment.Optimizer(
            0.1, 0.9, false, 1e-4, new Experiment.Schedule(Experiment.Schedule.Shape.CONSTANT, List.of(), 1, 0));

    /**
     * @param settings of the method, by name
     * @throws IllegalArgumentException when a setting is invalid
     */
    public static MethodSheet of(Method method, Map<String, String> settings, Traffic.Step step) {
        Experiment.Method chosen = new Experiment.Method(method.name(), settings);
        int[] widths = Stream.generate(step::featureWidth)
                .limit(step.peers())
                .mapToInt(Integer::intValue)
                .toArray();
        Teacher teacher = method.create(
                chosen, new TeacherSetting(step.peers(), Ints.of(widths), step.classes(), 1, OPTIMIZER, DType.FLOAT32));
        return new MethodSheet(method, teacher, step, Traffic.of(chosen, OPTIMIZER, step));
    }

    /** For people. */
    @Override
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add(method.name() + ": " + method.summary());
        lines.add("  loss      " + method.formula());
        lines.add("            " + Method.REDUCTION);
        lines.add("  source    " + method.paper());
        lines.add("  peers     "
                + (teacher.contributorsMin() == 0
                        ? "any number; they do not wait for one another"
                        : "at least " + teacher.contributorsMin()));
        lines.add("  besides   " + own(teacher.ownTeacher()));
        if (teacher.reads().contains(TensorName.VALIDATION)) {
            lines.add("  data      holds out data.validation of the training images, " + Preparation.VALIDATION_SHARE
                    + " by default");
        }
        lines.add("  settings  " + (method.parameters().isEmpty() ? "none" : ""));
        int width = method.parameters().stream()
                .mapToInt(p -> p.name().length() + p.defaultValue().length())
                .max()
                .orElse(0);
        for (MethodParameter parameter : method.parameters()) {
            String setting = "method." + parameter.name() + "=" + parameter.defaultValue();
            lines.add("    " + setting + " ".repeat(width + "method.=".length() - setting.length() + 2)
                    + parameter.meaning() + "; " + parameter.range());
        }
        lines.add(String.format(
                Locale.ROOT,
                "  wire      per batch of %d images, %d classes, %d peers, float32:",
                step.rows(),
                step.classes(),
                step.peers()));
        lines.add(line(traffic.prediction(), "each peer publishes: " + published()));
        if (traffic.maps() > 0) {
            lines.add(line(traffic.maps(), "and feature maps: " + maps()));
        }
        lines.add(line(traffic.outcome(), "every peer receives"));
        lines.add(line(traffic.addressed(), "each contributor receives in addition"));
        if (traffic.gradients() > 0) {
            lines.add(line(traffic.gradients(), "and gradients of feature maps"));
        }
        return lines;
    }

    private static String line(long bytes, String what) {
        return String.format(Locale.ROOT, "    %,11d bytes  %s", bytes, what);
    }

    private String published() {
        List<String> tensors =
                new ArrayList<>(List.of(TensorName.LOGITS + " [" + step.rows() + ", " + step.classes() + "]"));
        for (String read : teacher.reads()) {
            if (TensorName.isMap(read)) {
                continue;
            }
            tensors.add(
                    read.equals(TensorName.VALIDATION)
                            ? "once an epoch also: " + read + " [V, " + step.classes() + "]"
                            : read + " [" + step.rows() + ", "
                                    + (read.equals(TensorName.FEATURES) ? step.featureWidth() : step.classes()) + "]");
        }
        return String.join(", ", tensors);
    }

    private String maps() {
        String shape = " [" + step.rows() + ", "
                + step.mapShape().stream().mapToObj(Integer::toString).collect(Collectors.joining(", ")) + "]";
        return teacher.reads().stream()
                .filter(TensorName::isMap)
                .map(read -> read + shape)
                .collect(Collectors.joining(", "));
    }

    private static String own(OwnTeacher own) {
        if (own instanceof OwnTeacher.Average average) {
            return "each peer keeps the average of its weights (decay up to " + average.decayMax() + ")";
        } else if (own instanceof OwnTeacher.Stale stale) {
            return "each peer keeps a copy of itself, renewed every " + stale.everySteps() + " steps";
        } else if (own instanceof OwnTeacher.Others others) {
            return "each peer runs copies of the others, renewed every " + others.everySteps() + " steps";
        } else if (own instanceof OwnTeacher.Branches branches) {
            return "each peer has " + branches.count() + " branches on shared low layers, and a gate";
        } else if (own instanceof OwnTeacher.Frozen) {
            return "each peer runs a stored network";
        }
        return "nothing";
    }

    /** As one JSON object. */
    @Override
    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("name", method.name())
                .put("about", method.summary())
                .put("loss", method.formula() + "; " + Method.REDUCTION)
                .put("source", method.paper())
                .put("peers_min", teacher.contributorsMin())
                .put("own_teacher", own(teacher.ownTeacher()));
        ArrayNode reads = json.putArray("reads").add(TensorName.LOGITS);
        teacher.reads().forEach(reads::add);
        ArrayNode parameters = json.putArray("settings");
        method.parameters()
                .forEach(p -> parameters
                        .addObject()
                        .put("key", "method." + p.name())
                        .put("default", p.defaultValue())
                        .put("must_be", p.range().toString())
                        .put("about", p.meaning()));
        json.putObject("wire")
                .put("batch", step.rows())
                .put("classes", step.classes())
                .put("peers", step.peers())
                .put("feature_width", step.featureWidth())
                .put("prediction_bytes", traffic.prediction())
                .put("maps_bytes", traffic.maps())
                .put("outcome_bytes", traffic.outcome())
                .put("addressed_bytes", traffic.addressed())
                .put("gradients_bytes", traffic.gradients());
        return json;
    }
}
