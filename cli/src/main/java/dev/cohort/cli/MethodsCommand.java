package dev.cohort.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.coordinator.method.Method;
import dev.cohort.coordinator.method.MethodCatalog;
import dev.cohort.coordinator.method.MethodParameter;
import dev.cohort.coordinator.method.TeacherSetting;
import dev.cohort.coordinator.method.Traffic;
import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.distill.OwnTeacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.launch.local.Preparation;
import dev.cohort.protocol.TensorName;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Methods of mutual distillation. */
@Command(
        name = "methods",
        mixinStandardHelpOptions = true,
        description = {
            "List the distillation methods, or describe one.",
            "With NAME: loss, source, settings and message sizes."
        },
        footer = {"    cohort methods", "    cohort methods one --batch 64"})
final class MethodsCommand implements Callable<Integer> {
    private static final Experiment.Optimizer OPTIMIZER = new Experiment.Optimizer(
            0.1, 0.9, false, 1e-4, new Experiment.Schedule(Experiment.Schedule.Shape.CONSTANT, List.of(), 1, 0));

    @Parameters(arity = "0..1", paramLabel = "NAME", description = "Method to describe in full.")
    private Optional<String> name = Optional.empty();

    @Option(names = "--format", description = "text or json. Default: ${DEFAULT-VALUE}.")
    private OutputFormat format = OutputFormat.text;

    @Option(
            names = "--set",
            paramLabel = "method.KEY=VALUE",
            description = "Setting of the method for which message sizes are computed. Repeatable.")
    private List<String> settings = new ArrayList<>();

    @Option(names = "--batch", paramLabel = "B", description = "Images per batch. Default: ${DEFAULT-VALUE}.")
    private int batch = 128;

    @Option(names = "--classes", paramLabel = "C", description = "Number of classes. Default: ${DEFAULT-VALUE}.")
    private int classes = 100;

    @Option(
            names = "--peers",
            paramLabel = "N",
            description = "Number of contributing peers. Default: ${DEFAULT-VALUE}.")
    private int peers = 3;

    @Option(
            names = "--feature-width",
            paramLabel = "D",
            description = "Width of the pooled features. Default: ${DEFAULT-VALUE}.")
    private int featureWidth = 64;

    @Override
    public Integer call() {
        if (name.isPresent()) {
            Method method = MethodCatalog.find(name.get())
                    .orElseThrow(() -> new CommandException(
                            ExitCode.USAGE,
                            "method " + name.get() + ": must be one of "
                                    + MethodCatalog.all().stream()
                                            .map(Method::name)
                                            .collect(Collectors.joining(", "))));
            describe(method);
        } else {
            Listing.print(MethodCatalog.all().stream().map(this::row).toList(), format, System.out);
        }
        return ExitCode.OK.code();
    }

    private Map<String, String> row(Method method) {
        Map<String, String> row = new LinkedHashMap<>();
        row.put("name", method.name());
        row.put("about", method.summary());
        if (format == OutputFormat.json) {
            row.put("loss", method.formula() + "; " + Method.REDUCTION);
            row.put("source", method.paper());
            row.put(
                    "settings",
                    method.parameters().stream()
                            .map(p -> "method." + p.name() + "=" + p.defaultValue() + " (" + p.meaning() + ")")
                            .collect(Collectors.joining(", ")));
        }
        return row;
    }

    private void describe(Method method) {
        Experiment.Method chosen = new Experiment.Method(method.name(), parameters());
        Teacher teacher;
        Traffic traffic;
        try {
            Traffic.Step step = new Traffic.Step(batch, classes, peers, featureWidth, DType.FLOAT32);
            int[] widths = Stream.generate(() -> featureWidth)
                    .limit(peers)
                    .mapToInt(Integer::intValue)
                    .toArray();
            teacher = method.create(
                    chosen, new TeacherSetting(peers, Ints.of(widths), classes, 1, OPTIMIZER, DType.FLOAT32));
            traffic = Traffic.of(chosen, OPTIMIZER, step);
        } catch (IllegalArgumentException e) {
            throw new CommandException(ExitCode.USAGE, String.valueOf(e.getMessage()), e);
        }
        if (format == OutputFormat.json) {
            System.out.println(json(method, teacher, traffic));
        } else {
            text(method, teacher, traffic).forEach(System.out::println);
        }
    }

    private Map<String, String> parameters() {
        Map<String, String> said = new LinkedHashMap<>();
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            if (!setting.startsWith("method.") || equals < 0) {
                throw new CommandException(
                        ExitCode.USAGE,
                        "--set " + setting + ": must be method.KEY=VALUE, for example method.weight=0.5");
            }
            said.put(setting.substring("method.".length(), equals), setting.substring(equals + 1));
        }
        return said;
    }

    private List<String> text(Method method, Teacher teacher, Traffic traffic) {
        List<String> lines = new ArrayList<>();
        lines.add(method.name() + ": " + method.summary());
        lines.add("  loss      " + method.formula());
        lines.add("            " + Method.REDUCTION);
        lines.add("  source    " + method.paper());
        lines.add("  peers     "
                + (teacher.contributorsMin() == 0
                        ? "any number; nobody waits for another"
                        : "at least " + teacher.contributorsMin()));
        lines.add("  besides   " + own(teacher.ownTeacher()));
        if (teacher.reads().contains(TensorName.VALIDATION)) {
            lines.add("  data      holds out data.validation of the training images, " + Preparation.VALIDATION_SHARE
                    + " if the experiment does not say");
        }
        lines.add("  settings  " + (method.parameters().isEmpty() ? "none" : ""));
        int width = method.parameters().stream()
                .mapToInt(p -> p.name().length() + p.defaultValue().length())
                .max()
                .orElse(0);
        for (MethodParameter parameter : method.parameters()) {
            String said = "method." + parameter.name() + "=" + parameter.defaultValue();
            lines.add("    " + said + " ".repeat(width + "method.=".length() - said.length() + 2) + parameter.meaning()
                    + "; " + parameter.range());
        }
        lines.add(String.format(
                Locale.ROOT,
                "  wire      per batch of %d images, %d classes, %d peers, float32:",
                batch,
                classes,
                peers));
        lines.add(line(traffic.prediction(), "each peer says: " + said(teacher)));
        lines.add(line(traffic.outcome(), "everybody hears"));
        lines.add(line(traffic.addressed(), "each contributor hears besides, for itself alone"));
        return lines;
    }

    private static String line(long bytes, String what) {
        return String.format(Locale.ROOT, "    %,11d bytes  %s", bytes, what);
    }

    private String said(Teacher teacher) {
        List<String> said = new ArrayList<>(List.of(TensorName.LOGITS + " [" + batch + ", " + classes + "]"));
        for (String read : teacher.reads()) {
            said.add(
                    read.equals(TensorName.VALIDATION)
                            ? "once an epoch more: " + read + " [V, " + classes + "]"
                            : read + " [" + batch + ", " + (read.equals(TensorName.FEATURES) ? featureWidth : classes)
                                    + "]");
        }
        return String.join(", ", said);
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

    private ObjectNode json(Method method, Teacher teacher, Traffic traffic) {
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
                .put("batch", batch)
                .put("classes", classes)
                .put("peers", peers)
                .put("feature_width", featureWidth)
                .put("prediction_bytes", traffic.prediction())
                .put("outcome_bytes", traffic.outcome())
                .put("addressed_bytes", traffic.addressed());
        return json;
    }
}
