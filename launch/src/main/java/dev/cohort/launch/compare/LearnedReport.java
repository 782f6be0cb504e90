package dev.cohort.launch.compare;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.study.view.Printout;
import dev.cohort.study.view.Words;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** A {@link LearnedTable} for people and as JSON. */
public record LearnedReport(LearnedTable table) implements Printout {
    /** In a narrower column, names would not be legible. */
    private static final int NAME_WIDTH_MIN = 20;

    /** The table, the origins of its cells, and reservations. */
    @Override
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("Single networks, ensembles of k (mean probability, mean over all choices of k), distilled and"
                + " self-distilled ones, on " + table.testImages() + " test images of " + table.data() + ":");
        int width = table.rows().stream().mapToInt(r -> name(r).length()).max().orElse(0);
        int sizes =
                table.rows().stream().mapToInt(r -> r.ensembles().size()).max().orElse(0);
        String first = "%-" + Math.max(width, NAME_WIDTH_MIN) + "s  %8s  %13s";
        String model = "";
        for (LearnedTable.Row row : table.rows()) {
            if (!row.model().equals(model)) {
                model = row.model();
                StringBuilder head =
                        new StringBuilder(String.format(Locale.ROOT, first, model, "networks", "one ± sd"));
                for (int k = 2; k <= sizes; k++) {
                    head.append(String.format(Locale.ROOT, "  %7s", "of " + k));
                }
                lines.add("");
                lines.add(head.toString());
            }
            StringBuilder line =
                    new StringBuilder(String.format(Locale.ROOT, first, name(row), row.networks(), one(row)));
            for (int k = 2; k <= row.ensembles().size(); k++) {
                line.append(String.format(
                        Locale.ROOT, "  %7s", Words.percent(row.ensembles().get(k - 1))));
            }
            lines.add(line.toString());
        }
        lines.add("");
        table.rows().forEach(row -> lines.add(row.model() + ", " + name(row) + ": " + origins(row) + "."));
        lines.addAll(table.notes());
        lines.addAll(table.missing());
        return lines;
    }

    private static String origins(LearnedTable.Row row) {
        Map<String, List<String>> byRun = new LinkedHashMap<>();
        row.from()
                .forEach(o ->
                        byRun.computeIfAbsent(o.run(), r -> new ArrayList<>()).add(o.peer()));
        return byRun.entrySet().stream()
                .map(e -> String.join(", ", e.getValue()) + " of " + e.getKey())
                .collect(Collectors.joining("; "));
    }

    private static String name(LearnedTable.Row row) {
        return row.learned() + ", " + row.method();
    }

    private static String one(LearnedTable.Row row) {
        return row.deviation().isPresent()
                ? String.format(
                        Locale.ROOT,
                        "%.1f ± %.1f %%",
                        100 * row.mean(),
                        100 * row.deviation().getAsDouble())
                : Words.percent(row.mean());
    }

    /** As one JSON object. */
    @Override
    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        json.put("data", table.data()).put("test_images", table.testImages());
        ArrayNode rows = json.putArray("rows");
        for (LearnedTable.Row row : table.rows()) {
            ObjectNode one = rows.addObject()
                    .put("model", row.model())
                    .put("learned", row.learned())
                    .put("method", row.method())
                    .put("networks", row.networks())
                    .put("accuracy", row.mean());
            row.deviation().ifPresent(deviation -> one.put("standard_deviation", deviation));
            row.ensembles().forEach(one.putArray("ensembles")::add);
            ArrayNode from = one.putArray("from");
            row.from().forEach(o -> from.addObject().put("run", o.run()).put("peer", o.peer()));
        }
        table.notes().forEach(json.putArray("notes")::add);
        table.missing().forEach(json.putArray("missing")::add);
        return json;
    }
}
