package dev.cohort.cli;

import dev.cohort.coordinator.method.Method;
import dev.cohort.coordinator.method.MethodCatalog;
import dev.cohort.coordinator.method.Traffic;
import dev.cohort.launch.local.MethodSheet;
import dev.cohort.runtime.CommandException;
import dev.cohort.runtime.ExitCode;
import dev.cohort.study.view.Listing;
import dev.cohort.study.view.OutputFormat;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lists the distillation methods, or describes one. */
@Command(
        name = "methods",
        mixinStandardHelpOptions = true,
        description = {
            "List the distillation methods, or describe one.",
            "With NAME: loss, source, settings and message sizes."
        },
        footer = {"    cohort methods", "    cohort methods one --batch 64"})
final class MethodsCommand implements Callable<Integer> {
    @Parameters(arity = "0..1", paramLabel = "NAME", description = "Method to describe in full.")
    private Optional<String> name = Optional.empty();

    @Mixin
    private FormatOption output = new FormatOption();

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

    @Option(
            names = "--map-shape",
            paramLabel = "CxHxW",
            description = "Channels, height and width of each feature map. Default: ${DEFAULT-VALUE}.")
    private String mapShape = "64x8x8";

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
            Listing.print(MethodCatalog.all().stream().map(this::row).toList(), output.format(), System.out);
        }
        return ExitCode.OK.code();
    }

    private Map<String, String> row(Method method) {
        Map<String, String> row = new LinkedHashMap<>();
        row.put("name", method.name());
        row.put("about", method.summary());
        if (output.format() == OutputFormat.json) {
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
        MethodSheet sheet;
        try {
            sheet = MethodSheet.of(
                    method,
                    parameters(),
                    new Traffic.Step(batch, classes, peers, featureWidth, mapShape(), DType.FLOAT32));
        } catch (IllegalArgumentException e) {
            throw new CommandException(ExitCode.USAGE, String.valueOf(e.getMessage()), e);
        }
        output.print(sheet);
    }

    private Ints mapShape() {
        if (!mapShape.matches("[0-9]{1,5}x[0-9]{1,5}x[0-9]{1,5}")) {
            throw new IllegalArgumentException("--map-shape " + mapShape + ": must be like 64x8x8");
        }
        return Ints.of(Arrays.stream(mapShape.split("x", -1))
                .mapToInt(Integer::parseInt)
                .toArray());
    }

    private Map<String, String> parameters() {
        Map<String, String> given = new LinkedHashMap<>();
        for (String setting : settings) {
            int equals = setting.indexOf('=');
            if (!setting.startsWith("method.") || equals < 0) {
                throw new CommandException(
                        ExitCode.USAGE,
                        "--set " + setting + ": must be method.KEY=VALUE, for example method.weight=0.5");
            }
            given.put(setting.substring("method.".length(), equals), setting.substring(equals + 1));
        }
        return given;
    }
}
