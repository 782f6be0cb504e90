package dev.cohort.cli;

import dev.cohort.peer.djl.ModelCatalog;
import dev.cohort.runtime.ExitCode;
import dev.cohort.study.view.Listing;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Lists the student networks. */
@Command(
        name = "models",
        mixinStandardHelpOptions = true,
        description = {"List the built-in student networks, or check one of your own."},
        subcommands = ModelsCheckCommand.class,
        footer = {"    cohort models", "    cohort models check mynet.py:make"})
final class ModelsCommand implements Callable<Integer> {
    @Mixin
    private FormatOption output = new FormatOption();

    @Override
    public Integer call() {
        List<Map<String, String>> rows = ModelCatalog.all().stream()
                .map(model -> {
                    Map<String, String> row = new LinkedHashMap<>();
                    row.put("name", model.name());
                    row.put("about", model.oneLine());
                    return row;
                })
                .toList();
        Listing.print(rows, output.format(), System.out);
        return ExitCode.OK.code();
    }
}
