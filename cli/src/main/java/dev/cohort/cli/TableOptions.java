package dev.cohort.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.study.EnsembleMembers;
import dev.cohort.study.ScalarEvents;
import dev.cohort.study.report.OpenRun;
import dev.cohort.study.tables.Database;
import dev.cohort.study.tables.Schema;
import dev.cohort.study.view.JsonRows;
import dev.cohort.study.view.OutputFormat;
import dev.cohort.study.view.TextRows;
import dev.cohort.study.view.Words;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.LongConsumer;
import picocli.CommandLine.Option;

/** A run as tables: written to files, or queried by SQL. */
final class TableOptions {
    @Option(
            names = "--export",
            paramLabel = "DIR",
            description =
                    "Write the run as Parquet and CSV tables to a new folder. Its file tables.md describes" + " them.")
    private Optional<Path> export = Optional.empty();

    @Option(
            names = "--sql",
            paramLabel = "QUERY",
            description = "Query the tables, as in \"select peer, avg(loss) from predictions group by peer\"."
                    + " \"show tables\" and \"describe steps\" list tables and columns.")
    private Optional<String> sql = Optional.empty();

    @Option(
            names = "--tensorboard",
            paramLabel = "DIR",
            description = "Write TensorBoard event files to a new folder, with a subfolder for each peer and for"
                    + " the ensemble.")
    private Optional<Path> events = Optional.empty();

    boolean asked() {
        return writes() || sql.isPresent();
    }

    /** Whether files are to be written. */
    boolean writes() {
        return export.isPresent() || events.isPresent();
    }

    /** Makes the folders for the files; called before the log is read, which may take long. */
    void makeFolders() {
        export.ifPresent(Database::makeEmpty);
        events.ifPresent(Database::makeEmpty);
    }

    /**
     * Writes the files, prints the rows of a query and, for people, the places of the files.
     *
     * @return places of the files, for programs
     */
    ObjectNode answer(OpenRun opened, OutputFormat format, LongConsumer progress, PrintStream out) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        events.ifPresent(to -> writeEvents(opened, to, format, progress, out, json));
        if (export.isEmpty() && sql.isEmpty()) {
            return json;
        }
        Optional<String> named = export.isPresent() ? Optional.empty() : sql;
        try (Database tables = Database.of(opened.log(), opened.manifest(), opened.experiment(), named, progress)) {
            if (export.isPresent()) {
                Path to = export.get();
                tables.export(to);
                json.put("export", to.toString()).put("tables", Schema.TABLES.size());
                if (format == OutputFormat.text) {
                    out.println(to + ": " + Schema.TABLES.size() + " tables as Parquet and CSV, described in "
                            + to.resolve("tables.md"));
                }
            }
            if (sql.isPresent() && format == OutputFormat.json) {
                tables.query(sql.get(), new JsonRows(opened.log().runId(), out));
            } else if (sql.isPresent()) {
                TextRows rows = new TextRows(out);
                tables.query(sql.get(), rows);
                rows.end();
            }
        }
        return json;
    }

    private static void writeEvents(
            OpenRun opened, Path to, OutputFormat format, LongConsumer progress, PrintStream out, ObjectNode json) {
        List<String> folders;
        try (ScalarEvents scalars = new ScalarEvents(opened.log(), to)) {
            folders = scalars.write(
                    EnsembleMembers.of(opened.log(), opened.experiment()),
                    opened.manifest().testLabels(),
                    opened.manifest().classes(),
                    progress);
        }
        json.put("tensorboard", to.toString());
        folders.forEach(json.putArray("folders")::add);
        if (format == OutputFormat.text) {
            out.println(to + ": event files of " + String.join(", ", folders) + ". See them with: tensorboard --logdir "
                    + Words.shell(to));
        }
    }
}
