package dev.cohort.study.report;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.study.EnsembleMembers;
import dev.cohort.study.ScalarEvents;
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

/**
 * A run as tables and event files.
 *
 * @param export new folder for Parquet and CSV
 * @param sql query over the tables
 * @param events new folder for TensorBoard event files
 */
public record TableRequest(Optional<Path> export, Optional<String> sql, Optional<Path> events) {
    /** Makes the folders for the files; called before the log is read, which may take long. */
    public void makeFolders() {
        export.ifPresent(Database::makeEmpty);
        events.ifPresent(Database::makeEmpty);
    }

    /**
     * Writes the files, prints the rows of a query and, for people, the places of the files.
     *
     * @return places of the files, for programs
     */
    public ObjectNode answer(OpenRun opened, OutputFormat format, LongConsumer progress, PrintStream out) {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        events.ifPresent(to -> writeEvents(opened, to, format, progress, out, json));
        if (export.isEmpty() && sql.isEmpty()) {
            return json;
        }
        Optional<String> named = export.isPresent() ? Optional.empty() : sql;
        try (Database tables = Database.of(opened.log(), opened.manifest(), opened.experiment(), named, progress)) {
            export.ifPresent(to -> {
                tables.export(to);
                json.put("export", to.toString()).put("tables", Schema.TABLES.size());
                if (format == OutputFormat.text) {
                    out.println(to + ": " + Schema.TABLES.size() + " tables as Parquet and CSV, described in "
                            + to.resolve("tables.md"));
                }
            });
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
