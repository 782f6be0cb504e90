package dev.cohort.study.view;

import dev.cohort.study.tables.Database;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Prints rows in columns as wide as the first rows need, so memory does not grow with the number of rows. */
public final class TextRows implements Database.Answer {
    private static final int MEASURED_MAX = 1_000;
    private static final int WIDTH_MAX = 60;

    private final PrintStream out;
    private final List<List<String>> held = new ArrayList<>();
    private final List<Integer> widths = new ArrayList<>();
    private Optional<Columns> columns = Optional.empty();
    private long rows;

    public TextRows(PrintStream out) {
        this.out = out;
    }

    @Override
    public void columns(List<String> names, List<String> types) {
        hold(names);
    }

    @Override
    public void row(List<Optional<Object>> cells) {
        rows++;
        List<String> row = cells.stream()
                .map(c -> c.map(TextRows::text).orElse(Words.NONE))
                .toList();
        if (columns.isPresent()) {
            out.println(columns.get().row(row));
            return;
        }
        hold(row);
        if (held.size() == MEASURED_MAX) {
            flush();
        }
    }

    private void hold(List<String> row) {
        held.add(row);
        for (int i = 0; i < row.size(); i++) {
            int width = Math.min(WIDTH_MAX, row.get(i).length());
            if (i == widths.size()) {
                widths.add(width);
            } else {
                widths.set(i, Math.max(widths.get(i), width));
            }
        }
    }

    private static String text(Object cell) {
        if (cell instanceof Double real) {
            return String.format(Locale.ROOT, "%.6g", real);
        }
        return Printable.line(cell.toString());
    }

    private void flush() {
        Columns measured = Columns.apart(2);
        for (int width : widths) {
            measured = measured.left(width);
        }
        for (List<String> row : held) {
            out.println(measured.row(row));
        }
        held.clear();
        columns = Optional.of(measured);
    }

    /** Prints the rows that are still held, and the number of all rows. */
    public void end() {
        flush();
        out.println(Words.count(rows, "row"));
    }
}
