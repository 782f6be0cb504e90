package dev.cohort.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.cohort.replay.tables.Database;
import dev.cohort.replay.tables.Schema;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.LongConsumer;
import picocli.CommandLine.Option;

/** A run as tables: written to files, or asked by SQL. */
final class TableOptions {
    @Option(
            names = "--export",
            paramLabel = "DIR",
            description = "Instead of scenarios: write the run as Parquet and CSV tables to this new folder; its file"
                    + " tables.md describes them.")
    private Optional<Path> export = Optional.empty();

    @Option(
            names = "--sql",
            paramLabel = "QUERY",
            description =
                    "Instead of scenarios: ask the tables, such as \"select peer, avg(loss) from predictions group by"
                            + " peer\". \"show tables\" and \"describe steps\" say what there is.")
    private Optional<String> sql = Optional.empty();

    boolean asked() {
        return export.isPresent() || sql.isPresent();
    }

    /** Does what was asked. */
    void answer(RecordedRun.Opened opened, OutputFormat format, LongConsumer progress, PrintStream out) {
        export.ifPresent(Database::makeEmpty);
        Optional<String> named = export.isPresent() ? Optional.empty() : sql;
        try (Database tables = Database.of(opened.log(), opened.manifest(), opened.experiment(), named, progress)) {
            if (export.isPresent()) {
                tables.export(export.get());
                said(export.get(), format, out);
            }
            if (sql.isPresent() && format == OutputFormat.json) {
                tables.query(sql.get(), new JsonRows(opened.log().runId(), out));
            } else if (sql.isPresent()) {
                TextRows rows = new TextRows(out);
                tables.query(sql.get(), rows);
                rows.end();
            }
        }
    }

    private void said(Path to, OutputFormat format, PrintStream out) {
        if (format == OutputFormat.json) {
            // One object alone on the output: the answer of a query, if there is one.
            if (sql.isEmpty()) {
                out.println(JsonNodeFactory.instance
                        .objectNode()
                        .put("export", to.toString())
                        .put("tables", Schema.TABLES.size()));
            }
            return;
        }
        out.println(to + ": " + Schema.TABLES.size() + " tables as Parquet and CSV, described in "
                + to.resolve("tables.md"));
    }
}
