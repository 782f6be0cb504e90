package dev.cohort.cli;

import dev.cohort.coordinator.method.Method;
import dev.cohort.coordinator.method.MethodCatalog;
import dev.cohort.runtime.ExitCode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Methods of mutual distillation. */
@Command(
        name = "methods",
        mixinStandardHelpOptions = true,
        description = "Every method of mutual distillation, its loss, its source and what can be set.")
final class MethodsCommand implements Callable<Integer> {
    @Option(names = "--format", description = "text or json. Default: ${DEFAULT-VALUE}.")
    private OutputFormat format = OutputFormat.text;

    @Override
    public Integer call() {
        List<Map<String, String>> rows =
                MethodCatalog.all().stream().map(MethodsCommand::row).toList();
        Listing.print(rows, format, System.out);
        return ExitCode.OK.code();
    }

    private static Map<String, String> row(Method method) {
        Map<String, String> row = new LinkedHashMap<>();
        row.put("name", method.name());
        row.put("about", method.summary());
        row.put("loss", method.formula() + "; " + Method.REDUCTION);
        row.put("source", method.paper());
        row.put(
                "settings",
                method.parameters().stream()
                        .map(p -> "method." + p.name() + "=" + p.defaultValue() + " (" + p.meaning() + ")")
                        .collect(Collectors.joining(", ")));
        return row;
    }
}
