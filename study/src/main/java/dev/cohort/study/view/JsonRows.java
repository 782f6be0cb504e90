package dev.cohort.study.view;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.study.tables.Database;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Prints rows as JSON lines: an object with the columns, then one object per row. */
public final class JsonRows implements Database.Answer {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private final String run;
    private final PrintStream out;
    private final List<String> columns = new ArrayList<>();

    public JsonRows(String run, PrintStream out) {
        this.run = run;
        this.out = out;
    }

    @Override
    public void columns(List<String> names, List<String> types) {
        columns.addAll(names);
        ObjectNode head = JSON.objectNode().put("run", run);
        ArrayNode all = head.putArray("columns");
        for (int i = 0; i < names.size(); i++) {
            all.addObject().put("name", names.get(i)).put("type", types.get(i));
        }
        out.println(head);
    }

    @Override
    public void row(List<Optional<Object>> cells) {
        ObjectNode row = JSON.objectNode();
        for (int i = 0; i < cells.size(); i++) {
            row.set(columns.get(i), cells.get(i).map(JsonRows::node).orElse(JSON.nullNode()));
        }
        out.println(row);
    }

    private static JsonNode node(Object cell) {
        if (cell instanceof Boolean flag) {
            return JSON.booleanNode(flag);
        } else if (cell instanceof Double real && !real.isInfinite() && !real.isNaN()) {
            return JSON.numberNode(real);
        } else if (cell instanceof Long || cell instanceof Integer || cell instanceof Short || cell instanceof Byte) {
            return JSON.numberNode(((Number) cell).longValue());
        } else if (cell instanceof Number && !(cell instanceof Double) && !(cell instanceof Float)) {
            return JSON.numberNode(new BigDecimal(cell.toString()));
        }
        // JSON has no numbers for NaN and infinity.
        return JSON.textNode(cell.toString());
    }
}
