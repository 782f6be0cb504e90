package dev.cohort.launch.compare;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.cohort.study.view.Page;
import dev.cohort.study.view.Printout;
import dev.cohort.study.view.Spread;
import dev.cohort.study.view.Words;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeSet;

/**
 * Reports a comparison: for programs as one JSON object and as a table with a row per run, for people as a table with a row per
 * variant and as a page.
 *
 * @param directory of the comparison
 * @param given the files and options as given, shown on the page
 */
public record ComparisonReport(Summary summary, String directory, String given) implements Printout {
    private static final String TEMPLATE = "comparison.html";
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    /** Reports the finished runs of a comparison, and writes its table, picture and data into the directory. */
    public static ComparisonReport write(ComparisonDirectory directory, Comparison comparison) {
        Summary summary = new Summary(
                comparison.name(),
                comparison.variants().stream().map(Comparison.Variant::name).toList(),
                directory.rows(comparison),
                ComparisonDirectory.order(comparison).size());
        ComparisonReport report = new ComparisonReport(summary, directory.path().toString(), directory.given());
        directory.write("comparison.json", report.json() + "\n");
        directory.write("comparison.csv", report.csv());
        directory.write("comparison.html", report.html());
        return report;
    }

    /** Accuracies and differences are shares, 0..1; {@code half_95} is half the 95 % interval; unknown values are null. */
    @Override
    public ObjectNode json() {
        ObjectNode json = JSON.objectNode();
        json.put("comparison", summary.name());
        json.put("directory", directory);
        json.put("runs_planned", summary.planned());
        json.put("runs_finished", summary.rows().size());
        ArrayNode variants = json.putArray("variants");
        for (String name : summary.variants()) {
            ObjectNode variant = variants.addObject().put("name", name).put("method", summary.method(name));
            for (Figure figure : Figure.values()) {
                spread(variant, figure.key(), summary.accuracy(name, figure));
            }
            number(variant, "seconds", summary.seconds(name));
            ObjectNode control = variant.putObject("against_control");
            ObjectNode first = variant.putObject("against_first");
            for (Figure figure : List.of(Figure.PEERS, Figure.ENSEMBLE)) {
                spread(control, figure.key(), summary.againstControl(name, figure));
                spread(first, figure.key(), summary.againstFirst(name, figure));
            }
        }
        List<String> differences = EqualTerms.differences(summary.rows());
        ObjectNode terms = json.putObject("equal_terms").put("kept", differences.isEmpty());
        ArrayNode broken = terms.putArray("differences");
        differences.forEach(broken::add);
        ArrayNode reading = json.putArray("reading");
        summary.reading().forEach(reading::add);
        ArrayNode runs = json.putArray("runs");
        summary.rows().forEach(row -> runs.add(run(row)));
        return json;
    }

    private static void spread(ObjectNode json, String key, Optional<Spread> spread) {
        if (spread.isEmpty()) {
            json.putNull(key);
            return;
        }
        ObjectNode node = json.putObject(key).put("runs", spread.get().runs());
        node.put("mean", rounded(spread.get().mean()));
        number(node, "half_95", spread.get().half());
    }

    private static void number(ObjectNode json, String key, OptionalDouble value) {
        if (value.isPresent()) {
            json.put(key, rounded(value.getAsDouble()));
        } else {
            json.putNull(key);
        }
    }

    private static double rounded(double value) {
        return Math.round(value * 1e6) / 1e6;
    }

    private static ObjectNode run(Row row) {
        ObjectNode json = JSON.objectNode();
        json.put("variant", row.run().variant()).put("seed", row.run().seed());
        json.put("run", row.result().path("run").asText()).put("directory", row.directory());
        ObjectNode peers = json.putObject("each_peer");
        row.accuracies().forEach(peers::put);
        for (Figure figure : Figure.values()) {
            number(json, figure.key(), row.accuracy(figure));
        }
        json.put("steps", row.steps());
        json.put("seconds", row.seconds()).put("resumed", row.resumed());
        json.put("images_per_second", rounded(row.imagesPerSecond())).put("wait_share", rounded(row.waitShare()));
        json.put("plan_fingerprint", row.plan());
        row.controlWeights()
                .ifPresentOrElse(
                        w -> json.put("control_weights_sha256", w), () -> json.putNull("control_weights_sha256"));
        return json;
    }

    /** One row per run; accuracies are 0..1, images/s and the share of waiting are means over the learners. */
    public String csv() {
        TreeSet<String> peers = new TreeSet<>();
        summary.rows().forEach(row -> peers.addAll(row.accuracies().keySet()));
        List<String> header = new ArrayList<>(List.of("variant", "seed", "method"));
        header.addAll(peers);
        header.addAll(List.of(
                "mean_of_peers",
                "ensemble",
                "teacher",
                "control",
                "seconds",
                "images_per_second",
                "wait_share",
                "resumed"));
        StringBuilder csv = new StringBuilder(String.join(",", header)).append('\n');
        for (Row row : summary.rows()) {
            List<String> cells = new ArrayList<>(
                    List.of(row.run().variant(), Long.toString(row.run().seed()), row.method()));
            Map<String, Double> own = row.accuracies();
            peers.forEach(p -> cells.add(own.containsKey(p) ? Words.decimals(own.get(p), 6) : ""));
            for (Figure figure : Figure.values()) {
                OptionalDouble accuracy = row.accuracy(figure);
                cells.add(accuracy.isPresent() ? Words.decimals(accuracy.getAsDouble(), 6) : "");
            }
            cells.add(Words.decimals(row.seconds(), 3));
            cells.add(Words.decimals(row.imagesPerSecond(), 1));
            cells.add(Words.decimals(row.waitShare(), 4));
            cells.add(Boolean.toString(row.resumed()));
            csv.append(String.join(",", cells)).append('\n');
        }
        return csv.toString();
    }

    /** Two tables and their interpretation, for a terminal. */
    @Override
    public List<String> lines() {
        List<String> lines = new ArrayList<>(aligned(accuracies()));
        List<List<String>> differences = differences();
        if (differences.size() > 1) {
            lines.add("");
            lines.add("Differences in points of accuracy (* more than the spread over seeds):");
            lines.addAll(aligned(differences));
        }
        lines.add("");
        lines.addAll(summary.reading());
        List<String> broken = EqualTerms.differences(summary.rows());
        lines.add(
                broken.isEmpty()
                        ? "Equal terms: in every seed all variants had the same batches"
                                + (summary.rows().stream()
                                                .anyMatch(
                                                        r -> r.controlWeights().isPresent())
                                        ? " and the same control peer, to the last bit."
                                        : ".")
                        : "NOT on equal terms:");
        broken.forEach(b -> lines.add("  " + b));
        return lines;
    }

    private List<List<String>> accuracies() {
        List<List<String>> table = new ArrayList<>();
        List<String> header = new ArrayList<>(List.of("variant"));
        for (Figure figure : Figure.values()) {
            header.add(figure.words());
        }
        header.add("time of a run");
        table.add(header);
        for (String variant : summary.variants()) {
            List<String> row = new ArrayList<>(List.of(variant));
            for (Figure figure : Figure.values()) {
                row.add(summary.accuracy(variant, figure).map(Spread::percent).orElse(Words.NONE));
            }
            OptionalDouble seconds = summary.seconds(variant);
            row.add(seconds.isPresent() ? Words.duration(Math.round(1000 * seconds.getAsDouble())) : Words.NONE);
            table.add(row);
        }
        return table;
    }

    private List<List<String>> differences() {
        List<List<String>> table = new ArrayList<>();
        table.add(List.of(
                "variant",
                "peers - control",
                "ensemble - control",
                "peers - " + summary.first(),
                "ensemble - " + summary.first()));
        for (String variant : summary.variants()) {
            List<Optional<Spread>> cells = List.of(
                    summary.againstControl(variant, Figure.PEERS),
                    summary.againstControl(variant, Figure.ENSEMBLE),
                    summary.againstFirst(variant, Figure.PEERS),
                    summary.againstFirst(variant, Figure.ENSEMBLE));
            if (cells.stream().anyMatch(Optional::isPresent)) {
                List<String> row = new ArrayList<>(List.of(variant));
                cells.forEach(c -> row.add(c.map(ComparisonReport::difference).orElse(Words.NONE)));
                table.add(row);
            }
        }
        return table;
    }

    private static String difference(Spread spread) {
        String half = spread.half().isPresent()
                ? String.format(Locale.ROOT, " ± %.1f", 100 * spread.half().getAsDouble())
                : "";
        return String.format(Locale.ROOT, "%+.1f", 100 * spread.mean()) + half + (spread.exceeds() ? " *" : "");
    }

    private static List<String> aligned(List<List<String>> table) {
        int columns = table.get(0).size();
        int[] widths = new int[columns];
        table.forEach(row -> {
            for (int i = 0; i < columns; i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        });
        List<String> lines = new ArrayList<>();
        for (List<String> row : table) {
            StringBuilder line = new StringBuilder();
            for (int i = 0; i < columns; i++) {
                line.append(row.get(i)).append(" ".repeat(widths[i] - row.get(i).length() + 2));
            }
            lines.add(line.toString().stripTrailing());
        }
        return lines;
    }

    /** One self-contained page. */
    public String html() {
        ObjectNode data = JSON.objectNode();
        data.put("name", summary.name());
        data.put(
                "subtitle",
                summary.rows().size() + " of " + Words.count(summary.planned(), "run") + ": "
                        + String.join(", ", summary.variants()));
        ArrayNode reading = data.putArray("reading");
        summary.reading().forEach(reading::add);
        ArrayNode broken = data.putArray("broken");
        EqualTerms.differences(summary.rows()).forEach(broken::add);
        data.put("given", given);
        data.set("accuracy", accuracyPoints());
        data.set("difference", differencePoints());
        table(data.putArray("accuracies"), accuracies());
        table(data.putArray("differences"), differences());
        table(
                data.putArray("runs"),
                csv().lines().map(l -> List.of(l.split(",", -1))).toList());
        return Page.html(TEMPLATE, data);
    }

    private static void table(ArrayNode json, List<List<String>> table) {
        table.forEach(row -> {
            ArrayNode cells = json.addArray();
            row.forEach(cells::add);
        });
    }

    private ArrayNode accuracyPoints() {
        ArrayNode points = JSON.arrayNode();
        for (String variant : summary.variants()) {
            for (Figure figure : Figure.values()) {
                summary.accuracy(variant, figure).ifPresent(spread -> {
                    ArrayNode seeds =
                            point(points, variant, figure.words(), spread).putArray("seeds");
                    summary.rows().stream()
                            .filter(row -> row.run().variant().equals(variant))
                            .forEach(row -> row.accuracy(figure).ifPresent(a -> seeds.add(rounded(a))));
                });
            }
        }
        return points;
    }

    private ArrayNode differencePoints() {
        ArrayNode points = JSON.arrayNode();
        summary.differences()
                .forEach(d -> point(points, d.variant(), d.figure().words() + " against " + d.against(), d.spread())
                        .putArray("seeds"));
        return points;
    }

    private static ObjectNode point(ArrayNode points, String variant, String what, Spread spread) {
        ObjectNode point = points.addObject().put("variant", variant).put("what", what);
        point.put("mean", rounded(spread.mean()));
        number(point, "half", spread.half());
        return point.put("exceeds", spread.exceeds());
    }
}
