package dev.cohort.launch.compare;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Problems;
import dev.cohort.runtime.config.ExperimentYaml;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Checks that variants have the same data, batches, students and budget: first in the experiments, before anything runs, then in
 * the results of the runs. Every difference is reported.
 */
public final class EqualTerms {
    /** Sections in which variants may differ: method and exchange. */
    private static final Set<String> FREE = new TreeSet<>(Set.of("method", "pace", "wire", "record"));

    private static final String NAME = "run.name";
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

    private EqualTerms() {}

    /** A variant and its experiment. */
    public record Named(Comparison.Variant variant, Experiment experiment) {}

    /** Adds every key in which an experiment may not differ from the first, all with the same seed. */
    public static void check(List<Named> experiments, Problems problems) {
        Map<Map<String, String>, String> seen = new LinkedHashMap<>();
        Optional<Map<String, String>> first = Optional.empty();
        for (Named one : experiments) {
            Map<String, String> values = values(one.experiment());
            values.remove(NAME);
            Map<String, String> expected = first.orElse(values);
            first = Optional.of(expected);
            Set<String> keys = new TreeSet<>(expected.keySet());
            keys.addAll(values.keySet());
            for (String key : keys) {
                String value = values.getOrDefault(key, "missing");
                String must = expected.getOrDefault(key, "missing");
                if (!value.equals(must) && !FREE.contains(key.split("\\.", -1)[0])) {
                    problems.require(
                            false,
                            one.variant().where() + ": " + key,
                            value,
                            must + " as in " + experiments.get(0).variant().name()
                                    + ", for equal terms: variants may differ in " + String.join(", ", FREE));
                }
            }
            String same = seen.putIfAbsent(values, one.variant().name());
            if (same != null) {
                problems.add(
                        one.variant().where(),
                        "is the same experiment as " + same + ": change something or leave it out");
            }
        }
    }

    /** Every value of an experiment by its path. */
    static Map<String, String> values(Experiment experiment) {
        try {
            Map<String, String> values = new TreeMap<>();
            collect(YAML.readTree(ExperimentYaml.writeWithoutSecrets(experiment)), "", values);
            return values;
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("an experiment that was written cannot be read", e);
        }
    }

    private static void collect(JsonNode node, String path, Map<String, String> values) {
        String below = path.isEmpty() ? "" : path + ".";
        if (node.isObject()) {
            node.properties().forEach(e -> collect(e.getValue(), below + e.getKey(), values));
        } else if (node.isArray()) {
            for (int i = 0; i < node.size(); i++) {
                collect(node.get(i), below + i, values);
            }
        } else {
            values.put(path, node.asText());
        }
    }

    /** Reasons not to compare these runs, in sentences; empty when there are none. */
    public static List<String> differences(List<Row> rows) {
        Map<Long, List<Row>> bySeed = new TreeMap<>();
        rows.forEach(row ->
                bySeed.computeIfAbsent(row.run().seed(), s -> new ArrayList<>()).add(row));
        List<String> found = new ArrayList<>();
        bySeed.forEach((seed, of) -> {
            differ(of, seed, "batches (plan fingerprint)", Row::plan).ifPresent(found::add);
            differ(
                            of,
                            seed,
                            "weights of the control peer",
                            row -> row.controlWeights().orElse(""))
                    .ifPresent(found::add);
            differ(of, seed, "steps", row -> Long.toString(row.steps())).ifPresent(found::add);
        });
        rows.forEach(row -> row.faults().forEach(fault -> found.add(row.run().words() + ": " + fault + ".")));
        return found;
    }

    private interface Fact {
        String of(Row row);
    }

    private static Optional<String> differ(List<Row> rows, long seed, String what, Fact fact) {
        Map<String, List<String>> byValue = new LinkedHashMap<>();
        for (Row row : rows) {
            String value = fact.of(row);
            if (!value.isEmpty()) {
                byValue.computeIfAbsent(value, v -> new ArrayList<>())
                        .add(row.run().variant());
            }
        }
        if (byValue.size() <= 1) {
            return Optional.empty();
        }
        List<String> groups =
                byValue.values().stream().map(names -> String.join(", ", names)).toList();
        return Optional.of("Seed " + seed + ": the " + what + " differ between " + String.join(" and ", groups) + ".");
    }
}
