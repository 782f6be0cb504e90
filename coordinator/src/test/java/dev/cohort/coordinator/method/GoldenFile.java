package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A file of golden values, {@code {method, about, hyper, inputs, expected}}: what a whole single-process loss and its automatic
 * differentiation give in double precision. Tensors are nested lists. Remembers which expected values were compared.
 */
final class GoldenFile {
    private final String name;
    private final JsonNode root;
    private final double tolerance;
    private final Set<String> compared = new TreeSet<>();

    private GoldenFile(String name, JsonNode root, double tolerance) {
        this.name = name;
        this.root = root;
        this.tolerance = tolerance;
    }

    /** All files of the folder {@code -Dgolden.dir}, or of the test resources, in the order of their names; never none. */
    static List<GoldenFile> all() {
        return in(folder());
    }

    /**
     * The files {@code *.json} of a folder in the order of their names, whatever these are: the method is what a file says, and
     * empty where it says none.
     *
     * @throws AssertionError if there are none
     */
    static List<GoldenFile> in(Path folder) {
        assertThat(folder).as("folder of golden files, golden.dir").isDirectory();
        try (Stream<Path> paths = Files.list(folder)) {
            List<GoldenFile> files = new ArrayList<>();
            for (Path path : paths.filter(p -> p.toString().endsWith(".json") && Files.isRegularFile(p))
                    .sorted()
                    .toList()) {
                String file = String.valueOf(path.getFileName());
                files.add(new GoldenFile(file, new ObjectMapper().readTree(path.toFile()), 0));
            }
            assertThat(files)
                    .as("golden files: %s must have at least one *.json (golden.dir)", folder)
                    .isNotEmpty();
            return files;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Path folder() {
        String given = System.getProperty("golden.dir", "");
        try {
            return given.isBlank()
                    ? Path.of(Optional.ofNullable(GoldenFile.class.getResource("/golden"))
                            .orElseThrow()
                            .toURI())
                    : fromRoot(Path.of(given));
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Tests run in the folder of their module; who calls Maven is in the one above. */
    private static Path fromRoot(Path path) {
        Path here = Path.of("").toAbsolutePath();
        Path root = Files.exists(here.resolve("mvnw")) ? here : here.resolve("..");
        return root.resolve(path).normalize();
    }

    /** The same file, to be compared with {@code |a - b| <= tolerance * max(1, max |expected|)} per tensor. */
    GoldenFile within(double other) {
        return new GoldenFile(name, root, other);
    }

    String method() {
        return root.path("method").asText();
    }

    double hyper(String key) {
        return root.get("hyper").get(key).asDouble();
    }

    /** The hyper-parameter {@code key} when it is more than a number. */
    JsonNode hyperNode(String key) {
        return root.get("hyper").get(key);
    }

    /** A list of numbers among the settings. */
    double[] hyperNumbers(String key) {
        return numbers(root.get("hyper").get(key));
    }

    /** The input {@code path}, keys separated by dots. */
    JsonNode input(String path) {
        JsonNode node = root.get("inputs");
        for (String key : path.split("\\.", -1)) {
            node = node.get(key);
        }
        return node;
    }

    boolean hasInput(String key) {
        return root.get("inputs").has(key);
    }

    /** Numbers of a nested list, row-major. */
    static double[] numbers(JsonNode node) {
        List<Double> numbers = new ArrayList<>();
        collect(node, numbers);
        return numbers.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static void collect(JsonNode node, List<Double> into) {
        if (node.isNumber()) {
            into.add(node.asDouble());
        } else {
            node.forEach(child -> collect(child, into));
        }
    }

    /** The expected object {@code key}, whose entries the caller compares one by one. */
    JsonNode expected(String key) {
        compared.add(key);
        return root.get("expected").get(key);
    }

    /** Compares every number under {@code key} with {@code actual}, row-major. */
    void compare(String key, double... actual) {
        double[] expected = numbers(expected(key));
        assertThat(actual).as("%s: size of %s", name, key).hasSameSizeAs(expected);
        double scale = 1;
        for (double number : expected) {
            scale = Math.max(scale, Math.abs(number));
        }
        for (int i = 0; i < expected.length; i++) {
            assertThat(Math.abs(actual[i] - expected[i]))
                    .as("%s: %s[%d] is %s, expected %s", name, key, i, actual[i], expected[i])
                    .isLessThanOrEqualTo(tolerance * scale);
        }
    }

    /** Compares a number that follows from expected ones. */
    void compareDerived(String what, double actual, double expected) {
        assertThat(Math.abs(actual - expected))
                .as("%s: %s is %s, expected %s", name, what, actual, expected)
                .isLessThanOrEqualTo(tolerance * Math.max(1, Math.abs(expected)));
    }

    /** Fails when an expected value was never looked at. */
    void assertAllCompared() {
        Set<String> keys = new TreeSet<>();
        root.get("expected").fieldNames().forEachRemaining(keys::add);
        assertThat(compared).as("%s: expected values that were compared", name).isEqualTo(keys);
    }

    @Override
    public String toString() {
        return name;
    }
}
