package dev.cohort.study.view;

import java.util.ArrayList;
import java.util.List;

/** Columns of a text table: pads the cells of a row to the widths of their columns. Immutable. */
public final class Columns {
    private final String gap;
    private final boolean cuts;
    private final List<Column> columns;

    private record Column(int width, boolean right) {}

    private Columns(String gap, boolean cuts, List<Column> columns) {
        this.gap = gap;
        this.cuts = cuts;
        this.columns = columns;
    }

    /** No columns yet, {@code spaces} apart. A cell wider than its column shifts the rest of its row to the right. */
    public static Columns apart(int spaces) {
        return new Columns(" ".repeat(spaces), false, List.of());
    }

    /** Like {@link #apart}, but a cell wider than its column is cut and ends with an ellipsis. */
    public static Columns cutting(int spaces) {
        return new Columns(" ".repeat(spaces), true, List.of());
    }

    /** With another column, aligned left; {@code width} in characters. */
    public Columns left(int width) {
        return with(new Column(width, false));
    }

    /** With another column, aligned right; {@code width} in characters. */
    public Columns right(int width) {
        return with(new Column(width, true));
    }

    private Columns with(Column column) {
        List<Column> more = new ArrayList<>(columns);
        more.add(column);
        return new Columns(gap, cuts, List.copyOf(more));
    }

    /** One line without trailing blanks. */
    public String row(String... cells) {
        return row(List.of(cells));
    }

    /** One line without trailing blanks. */
    public String row(List<String> cells) {
        if (cells.size() != columns.size()) {
            throw new IllegalArgumentException(
                    "a row of " + cells.size() + " cells: must be " + columns.size() + ", one for each column");
        }
        List<String> padded = new ArrayList<>();
        for (int i = 0; i < cells.size(); i++) {
            padded.add(padded(cells.get(i), columns.get(i)));
        }
        return String.join(gap, padded).stripTrailing();
    }

    private String padded(String cell, Column column) {
        String shown = cuts && cell.length() > column.width() ? cell.substring(0, column.width() - 1) + "…" : cell;
        String blanks = " ".repeat(Math.max(0, column.width() - shown.length()));
        return column.right() ? blanks + shown : shown + blanks;
    }
}
