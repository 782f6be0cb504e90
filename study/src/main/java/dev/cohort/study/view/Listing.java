package dev.cohort.study.view;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;

/** Prints a list of named things with a short description each, as text or JSON. */
public final class Listing {
    private Listing() {}

    /** @param rows maps with equal keys: the name, the description, and further details that may be blank */
    public static void print(List<Map<String, String>> rows, OutputFormat format, PrintStream out) {
        if (format == OutputFormat.json) {
            ArrayNode json = JsonNodeFactory.instance.arrayNode();
            rows.forEach(row -> {
                ObjectNode node = json.addObject();
                row.forEach(node::put);
            });
            out.println(json);
            return;
        }
        int width = rows.stream()
                .mapToInt(row -> row.values().iterator().next().length())
                .max()
                .orElse(0);
        Columns columns = Columns.apart(2).left(width).left(0);
        for (Map<String, String> row : rows) {
            List<String> values = List.copyOf(row.values());
            out.println(columns.row(values.get(0), values.get(1)));
            List<String> keys = List.copyOf(row.keySet());
            for (int i = 2; i < values.size(); i++) {
                if (!values.get(i).isBlank()) {
                    out.println(columns.row("", keys.get(i) + ": " + values.get(i)));
                }
            }
        }
    }
}
