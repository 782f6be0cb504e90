package dev.cohort.study.tables;

import dev.cohort.experiment.Experiment;
import dev.cohort.protocol.Manifest;
import dev.cohort.runtime.FileFault;
import dev.cohort.runtime.RecordedLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Properties;
import java.util.function.LongConsumer;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.duckdb.DuckDBConnection;
import org.duckdb.DuckDBDriver;

/**
 * The tables of a run in a database in a temporary folder, which is deleted on close. Memory is bounded, however long the run.
 * One thread.
 */
public final class Database implements AutoCloseable {
    /** What to do if the folder for temporary files cannot be used. */
    static final String REMEDY = "name another folder for temporary files with TMPDIR=DIR";

    private static final String MEMORY_MAX = "512MB";

    private final TemporaryFolder folder;
    private final Connection connection;

    private Database(TemporaryFolder folder, Connection connection) {
        this.folder = folder;
        this.connection = connection;
    }

    /**
     * Reads the log into tables.
     *
     * @param sql only the tables that it names are filled, to save time; empty fills all
     * @param progress takes the steps, which begin again with every pass over the log
     */
    public static Database of(
            RecordedLog log, Manifest manifest, Experiment experiment, Optional<String> sql, LongConsumer progress) {
        Predicate<Table> wanted = table -> sql.isEmpty() || names(sql.get(), table);
        TemporaryFolder folder = TemporaryFolder.make(temporary());
        Optional<Database> filled = Optional.empty();
        try {
            try (DuckDBConnection writing = open(folder.path(), false)) {
                for (Table table : Schema.TABLES) {
                    execute(writing, table.definition());
                }
                new Filling(writing, log, manifest, experiment, wanted).all(progress);
                execute(writing, "CHECKPOINT");
            }
            filled = Optional.of(new Database(folder, open(folder.path(), true)));
            return filled.get();
        } catch (SQLException e) {
            throw new IllegalStateException(
                    "tables in " + folder.path() + ": " + e.getMessage() + "; if there is too little space, " + REMEDY,
                    e);
        } finally {
            if (filled.isEmpty()) {
                folder.close();
            }
        }
    }

    private static Path temporary() {
        return Path.of(System.getProperty("java.io.tmpdir"));
    }

    private static boolean names(String sql, Table table) {
        return Pattern.compile("\\b" + table.name() + "\\b", Pattern.CASE_INSENSITIVE)
                .matcher(sql)
                .find();
    }

    private static DuckDBConnection open(Path folder, boolean reading) throws SQLException {
        Properties settings = new Properties();
        settings.setProperty(DuckDBDriver.DUCKDB_READONLY_PROPERTY, Boolean.toString(reading));
        // Rows are fetched on demand instead of all at once.
        settings.setProperty(DuckDBDriver.JDBC_STREAM_RESULTS, "true");
        settings.setProperty("memory_limit", MEMORY_MAX);
        settings.setProperty("temp_directory", folder.resolve("spilled").toString());
        // The database must not download anything.
        settings.setProperty("autoinstall_known_extensions", "false");
        return connected("jdbc:duckdb:" + folder.resolve("tables.db"), settings)
                .map(DuckDBConnection.class::cast)
                .orElseThrow(() -> new SQLException("the database cannot be opened"));
    }

    /** @throws UncheckedIOException if the native library, which is unpacked to a temporary file, cannot be loaded */
    private static Optional<Connection> connected(String url, Properties settings) throws SQLException {
        try {
            return Optional.ofNullable(new DuckDBDriver().connect(url, settings));
        } catch (LinkageError e) {
            Throwable cause = e;
            while (cause.getCause() != null) {
                cause = cause.getCause();
            }
            throw new UncheckedIOException(
                    "the database library cannot be loaded from " + temporary() + " (" + cause.getMessage()
                            + "); if there is no space or programs must not run from there, " + REMEDY,
                    new IOException(e));
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /**
     * Creates the folder for an export. Call it before reading the log, which may take long.
     *
     * @throws IllegalArgumentException if the folder is not empty
     */
    public static void makeEmpty(Path folder) {
        try {
            Files.createDirectories(folder);
            try (Stream<Path> files = Files.list(folder)) {
                if (files.findAny().isPresent()) {
                    throw new IllegalArgumentException("folder " + folder + ": is not empty; name an empty or new one");
                }
            }
        } catch (IOException e) {
            throw unwritable(folder, e);
        }
    }

    private static UncheckedIOException unwritable(Path folder, IOException e) {
        return FileFault.unwritable("folder " + folder, e);
    }

    /**
     * Writes every table as {@code NAME.parquet} and {@code NAME.csv}, and the page that describes them.
     *
     * @param to new or empty folder
     */
    public void export(Path to) {
        makeEmpty(to);
        try {
            for (Table table : Schema.TABLES) {
                copy(table, to.resolve(table.name() + ".parquet"), "FORMAT parquet, COMPRESSION zstd");
                copy(table, to.resolve(table.name() + ".csv"), "FORMAT csv, HEADER true");
            }
            Files.writeString(to.resolve("tables.md"), Schema.page());
        } catch (IOException e) {
            throw unwritable(to, e);
        }
    }

    private void copy(Table table, Path file, String format) throws IOException {
        String name = file.toAbsolutePath().toString().replace("'", "''");
        try {
            execute(connection, "COPY \"" + table.name() + "\" TO '" + name + "' (" + format + ")");
        } catch (SQLException e) {
            throw new IOException(e.getMessage(), e);
        }
    }

    /** Takes the result of a query. */
    public interface Answer {
        /** Takes the name and SQL type of each column, once, before the rows. */
        void columns(List<String> names, List<String> types);

        /** Takes a row: flags, numbers and texts as their Java types, values of other SQL types as text. */
        void row(List<Optional<Object>> cells);
    }

    /**
     * Runs a query that can only read the tables: it can neither change them nor access files.
     *
     * @throws IllegalArgumentException if the query is invalid; the message gives the reason
     */
    public void query(String sql, Answer answer) {
        try {
            execute(connection, "SET enable_external_access = false");
            execute(connection, "SET lock_configuration = true");
        } catch (SQLException e) {
            throw new IllegalStateException("tables: " + e.getMessage(), e);
        }
        select(sql, answer);
    }

    /** Runs a query without these restrictions; may be called repeatedly. */
    void select(String sql, Answer answer) {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            ResultSetMetaData about = rows.getMetaData();
            List<String> names = new ArrayList<>();
            List<String> types = new ArrayList<>();
            for (int i = 1; i <= about.getColumnCount(); i++) {
                names.add(about.getColumnLabel(i));
                types.add(about.getColumnTypeName(i).toLowerCase(Locale.ROOT));
            }
            answer.columns(names, types);
            while (rows.next()) {
                List<Optional<Object>> cells = new ArrayList<>();
                for (int i = 1; i <= names.size(); i++) {
                    cells.add(Optional.ofNullable(rows.getObject(i)).map(Database::plain));
                }
                answer.row(cells);
            }
        } catch (SQLException e) {
            throw new IllegalArgumentException(
                    "--sql: " + e.getMessage() + "\nThe tables are "
                            + String.join(
                                    ", ",
                                    Schema.TABLES.stream().map(Table::name).toList())
                            + "; their columns: docs/tables.md, or --sql 'describe steps'.",
                    e);
        }
    }

    private static Object plain(Object cell) {
        return cell instanceof Boolean || cell instanceof Number ? cell : cell.toString();
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException e) {
            throw new IllegalStateException("tables: " + e.getMessage(), e);
        } finally {
            folder.close();
        }
    }
}
