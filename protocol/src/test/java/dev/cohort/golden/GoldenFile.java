package dev.cohort.golden;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.tensor.DType;
import dev.cohort.tensor.Ints;
import dev.cohort.tensor.Tensor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;

/**
 * A file of golden values, {@code {method, about, hyper, inputs, expected}}: what a whole single-process loss and its automatic
 * differentiation give in double precision. Tensors are nested lists. Remembers which expected values were compared. Tests of
 * every module that takes golden files read them with this class.
 */
public final class GoldenFile {
    private final String name;
    private final JsonNode root;
    private final double tolerance;
    private final double scaleMin;
    private final Set<String> compared = new TreeSet<>();

    private GoldenFile(String name, JsonNode root, double tolerance, double scaleMin) {
        this.name = name;
        this.root = root;
        this.tolerance = tolerance;
        this.scaleMin = scaleMin;
    }

    /** All files of the folder {@code -Dgolden.dir}, or of the test resources, in the order of their names; never none. */
    public static List<GoldenFile> all() {
        return in(folder());
    }

    /**
     * The files {@code *.json} of a folder in the order of their names, whatever these are: the method is what a file says, and
     * empty where it says none.
     *
     * @throws AssertionError if there are none
     */
    public static List<GoldenFile> in(Path folder) {
        assertThat(folder).as("folder of golden files, golden.dir").isDirectory();
        try (Stream<Path> paths = Files.list(folder)) {
            List<GoldenFile> files = new ArrayList<>();
            for (Path path : paths.filter(p -> p.toString().endsWith(".json") && Files.isRegularFile(p))
                    .sorted()
                    .toList()) {
                String file = String.valueOf(path.getFileName());
                files.add(new GoldenFile(file, new ObjectMapper().readTree(path.toFile()), 0, 1));
            }
            assertThat(files)
                    .as("golden files: %s must have at least one *.json (golden.dir)", folder)
                    .isNotEmpty();
            return files;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The files in the test resources of the module whose tests run, whatever {@code golden.dir} is. */
    public static List<GoldenFile> ofModule() {
        return in(resources());
    }

    private static Path folder() {
        String given = System.getProperty("golden.dir", "");
        return given.isBlank() ? resources() : fromRoot(Path.of(given));
    }

    private static Path resources() {
        try {
            return Path.of(Optional.ofNullable(GoldenFile.class.getResource("/golden"))
                    .orElseThrow()
                    .toURI());
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
    public GoldenFile within(double other) {
        return within(other, 1);
    }

    /** The same file, to be compared with {@code |a - b| <= tolerance * max(scaleMin, max |expected|)} per tensor. */
    public GoldenFile within(double other, double scaleMin) {
        return new GoldenFile(name, root, other, scaleMin);
    }

    public String method() {
        return root.path("method").asText();
    }

    public double hyper(String key) {
        return root.get("hyper").get(key).asDouble();
    }

    /** The hyper-parameter {@code key} when it is more than a number. */
    public JsonNode hyperNode(String key) {
        return root.get("hyper").get(key);
    }

    /** A list of numbers among the settings. */
    public double[] hyperNumbers(String key) {
        return numbers(root.get("hyper").get(key));
    }

    /** The input {@code path}, keys separated by dots. */
    public JsonNode input(String path) {
        JsonNode node = root.get("inputs");
        for (String key : path.split("\\.", -1)) {
            node = node.get(key);
        }
        return node;
    }

    public boolean hasInput(String key) {
        return root.get("inputs").has(key);
    }

    /** The labels {@code y} of the batch, as sources and weights. */
    public SoftLabels labels() {
        int classes = input("y").get(0).size();
        if (!hasInput("labels")) {
            return pureLabels(input("y"));
        }
        double first = input("labels.lam").asDouble();
        SoftLabels labels = new SoftLabels(
                classes,
                List.of(ints(input("labels.label_a")), ints(input("labels.label_b"))),
                List.of(first, 1 - first));
        assertThat(labels.dense()).containsExactly(numbers(input("y")), Offset.offset(1e-12));
        return labels;
    }

    /** Labels of whole images, from their rows of ones and zeros. */
    public static SoftLabels pureLabels(JsonNode y) {
        int classes = y.get(0).size();
        int[] ids = IntStream.range(0, y.size())
                .map(row -> IntStream.range(0, classes)
                        .filter(c -> y.get(row).get(c).asDouble() == 1)
                        .findFirst()
                        .orElseThrow())
                .toArray();
        SoftLabels labels = new SoftLabels(classes, List.of(Ints.of(ids)), List.of(1.0));
        assertThat(labels.dense()).containsExactly(numbers(y));
        return labels;
    }

    /** Whole numbers of a nested list, row-major. */
    public static Ints ints(JsonNode node) {
        return Ints.of(
                Arrays.stream(numbers(node)).mapToInt(number -> (int) number).toArray());
    }

    /** A nested list of one shape as a tensor of that shape; a number has shape [1]. */
    public static Tensor tensor(JsonNode node) {
        List<Integer> shape = new ArrayList<>();
        for (JsonNode inner = node; inner.isArray(); inner = inner.get(0)) {
            shape.add(inner.size());
        }
        int[] sizes = shape.isEmpty()
                ? new int[] {1}
                : shape.stream().mapToInt(Integer::intValue).toArray();
        return Tensor.of(DType.FLOAT64, numbers(node), sizes);
    }

    /** The tensors of a list, whose shapes may differ. */
    public static List<Tensor> tensors(JsonNode list) {
        List<Tensor> tensors = new ArrayList<>();
        list.forEach(node -> tensors.add(tensor(node)));
        return tensors;
    }

    /** Numbers of a nested list, row-major. */
    public static double[] numbers(JsonNode node) {
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
    public JsonNode expected(String key) {
        compared.add(key);
        return root.get("expected").get(key);
    }

    /** Compares every number under {@code key} with {@code actual}, row-major. */
    public void compare(String key, double... actual) {
        double[] expected = numbers(expected(key));
        assertThat(actual).as("%s: size of %s", name, key).hasSameSizeAs(expected);
        double scale = scaleMin;
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
    public void compareDerived(String what, double actual, double expected) {
        assertThat(Math.abs(actual - expected))
                .as("%s: %s is %s, expected %s", name, what, actual, expected)
                .isLessThanOrEqualTo(tolerance * Math.max(scaleMin, Math.abs(expected)));
    }

    /** Fails when an expected value was never looked at. */
    public void assertAllCompared() {
        Set<String> keys = new TreeSet<>();
        root.get("expected").fieldNames().forEachRemaining(keys::add);
        assertThat(compared).as("%s: expected values that were compared", name).isEqualTo(keys);
    }

    @Override
    public String toString() {
        return name;
    }
}
