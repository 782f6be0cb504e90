package dev.cohort.study.tables;

import java.sql.SQLException;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import org.duckdb.DuckDBAppender;
import org.duckdb.DuckDBConnection;

/**
 * Appends rows to one table, cell by cell in the order of its columns; throws at once if a cell has another type than its column.
 */
final class Rows implements AutoCloseable {
    private final Table table;
    private final DuckDBAppender appender;
    private int column;

    Rows(DuckDBConnection connection, Table table) {
        this.table = table;
        try {
            appender = connection.createAppender(DuckDBConnection.DEFAULT_SCHEMA, table.name());
        } catch (SQLException e) {
            throw failed(e);
        }
    }

    private interface Appending {
        void append() throws SQLException;
    }

    private Rows cell(Column.Type type, Appending appending) {
        if (column == table.columns().size() || table.columns().get(column).type() != type) {
            throw new IllegalStateException("table " + table.name() + ": cell " + column + " of a row is of type "
                    + type + ", the columns are " + table.columns());
        }
        try {
            if (column == 0) {
                appender.beginRow();
            }
            appending.append();
            column++;
            if (column == table.columns().size()) {
                appender.endRow();
                column = 0;
            }
        } catch (SQLException e) {
            throw failed(e);
        }
        return this;
    }

    Rows number(long value) {
        return cell(Column.Type.NUMBER, () -> appender.append(value));
    }

    Rows number(OptionalLong value) {
        return value.isPresent() ? number(value.getAsLong()) : cell(Column.Type.NUMBER, appender::appendNull);
    }

    Rows real(double value) {
        return cell(Column.Type.REAL, () -> appender.append(value));
    }

    Rows real(OptionalDouble value) {
        return value.isPresent() ? real(value.getAsDouble()) : cell(Column.Type.REAL, appender::appendNull);
    }

    Rows text(String value) {
        return cell(Column.Type.TEXT, () -> appender.append(value));
    }

    Rows text(Optional<String> value) {
        return value.isPresent() ? text(value.get()) : cell(Column.Type.TEXT, appender::appendNull);
    }

    Rows flag(boolean value) {
        return cell(Column.Type.FLAG, () -> appender.append(value));
    }

    Rows flag(Optional<Boolean> value) {
        return value.isPresent() ? flag(value.get()) : cell(Column.Type.FLAG, appender::appendNull);
    }

    /** Leaves the rest of the row empty. */
    void rest() {
        while (column > 0) {
            cell(table.columns().get(column).type(), appender::appendNull);
        }
    }

    /** Checks that the row is complete. */
    void end() {
        if (column > 0) {
            throw new IllegalStateException("table " + table.name() + ": a row of " + column + " cells, must have "
                    + table.columns().size());
        }
    }

    private IllegalStateException failed(SQLException e) {
        return new IllegalStateException("table " + table.name() + ": cannot be filled: " + e.getMessage(), e);
    }

    /** Flushes the remaining rows to the database. */
    @Override
    public void close() {
        try {
            appender.close();
        } catch (SQLException e) {
            throw failed(e);
        }
    }
}
