package dev.cohort.cli;

import dev.cohort.study.report.TableRequest;
import java.nio.file.Path;
import java.util.Optional;
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

    TableRequest request() {
        return new TableRequest(export, sql, events);
    }
}
