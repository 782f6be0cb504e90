package dev.cohort.study.view;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.PrintStream;
import java.util.List;
import java.util.Map;

/** A list of things with a name and a few words, for people or as JSON. */
public final class Listing {
    private Listing() {}

    /** @param rows each a map of equal keys, the first of which is the name */
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
        for (Map<String, String> row : rows) {
            List<String> values = List.copyOf(row.values());
            out.println(values.get(0) + " ".repeat(width - values.get(0).length() + 2) + values.get(1));
            List<String> keys = List.copyOf(row.keySet());
            for (int i = 2; i < values.size(); i++) {
                if (!values.get(i).isBlank()) {
                    out.println(" ".repeat(width + 2) + keys.get(i) + ": " + values.get(i));
                }
            }
        }
    }
}
