package dev.cohort.study.view;

import dev.cohort.study.tables.Database;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** Prints rows in columns, whose widths the first rows decide, so that any number of rows takes the same memory. */
public final class TextRows implements Database.Answer {
    private static final int MEASURED_MAX = 1_000;
    private static final int WIDTH_MAX = 60;

    private final PrintStream out;
    private final List<List<String>> held = new ArrayList<>();
    private final List<Integer> widths = new ArrayList<>();
    private boolean printing;
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
        if (printing) {
            print(row);
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
        held.forEach(this::print);
        held.clear();
        printing = true;
    }

    private void print(List<String> row) {
        StringBuilder line = new StringBuilder();
        for (int i = 0; i < row.size(); i++) {
            line.append(row.get(i));
            int missing = widths.get(i) - row.get(i).length();
            line.append(" ".repeat(Math.max(0, missing))).append("  ");
        }
        out.println(line.toString().stripTrailing());
    }

    public void end() {
        flush();
        out.println(Words.count(rows, "row"));
    }
}
