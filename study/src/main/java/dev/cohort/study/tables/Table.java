package dev.cohort.study.tables;

import java.util.ArrayList;
import java.util.List;

/**
 * One table.
 *
 * @param meaning of a row
 */
public record Table(String name, String meaning, List<Column> columns) {
    public Table {
        columns = List.copyOf(columns);
    }

    static Table of(String name, String meaning, Column... columns) {
        return new Table(name, meaning, List.of(columns));
    }

    /** The SQL statement that creates the table. */
    String definition() {
        List<String> lines = new ArrayList<>();
        columns.forEach(c -> lines.add('"' + c.name() + "\" " + c.type().sql()));
        return "CREATE TABLE \"" + name + "\" (" + String.join(", ", lines) + ")";
    }
}
