package dev.cohort.cli;

import dev.cohort.augment.data.DataCatalog;
import dev.cohort.runtime.ExitCode;
import dev.cohort.study.view.Listing;
import dev.cohort.study.view.OutputFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Lists data sets. */
@Command(
        name = "data",
        mixinStandardHelpOptions = true,
        description = "List the supported kinds of data.",
        footer = "    cohort data list")
final class DataCommand {
    private DataCommand() {}

    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            description = "List the supported kinds of data and the files of each.",
            footer = {"    cohort data list", "    cohort data list --format json"})
    int list(
            @Option(
                            names = "--format",
                            paramLabel = "FORMAT",
                            defaultValue = "text",
                            description = "text or json. Default: text.")
                    OutputFormat format) {
        List<Map<String, String>> rows = DataCatalog.kinds().stream()
                .map(kind -> {
                    Map<String, String> row = new LinkedHashMap<>();
                    row.put("name", kind.name());
                    row.put("about", kind.about());
                    row.put("path", kind.path());
                    return row;
                })
                .toList();
        Listing.print(rows, format, System.out);
        return ExitCode.OK.code();
    }
}
