package dev.cohort.study;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cohort.tensor.Ints;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** {@link Dynamics} against figures that were computed elsewhere. */
class DynamicsGoldenTest {
    private static final double TOLERANCE = 1e-9;

    /** Every file of this method in the folder {@code -Dgolden.dir}, or in the test resources. */
    @TestFactory
    Stream<DynamicTest> equalsTheFiguresOfEveryFile() throws IOException, URISyntaxException {
        List<DynamicTest> tests = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder())) {
            for (Path file : files.filter(f -> f.toString().endsWith(".json") && Files.isRegularFile(f))
                    .sorted()
                    .toList()) {
                JsonNode root = new ObjectMapper().readTree(file.toFile());
                if (root.path("method").asText().equals("ensemble_dynamics")) {
                    tests.add(DynamicTest.dynamicTest(String.valueOf(file.getFileName()), () -> compare(root)));
                }
            }
        }
        return tests.stream();
    }

    private static Path folder() throws URISyntaxException {
        String given = System.getProperty("golden.dir", "");
        if (given.isBlank()) {
            return Path.of(Optional.ofNullable(DynamicsGoldenTest.class.getResource("/golden"))
                    .orElseThrow()
                    .toURI());
        }
        // A relative folder is resolved against the root of the build, as in the other golden tests.
        Path path = Path.of(given);
        Path here = Path.of("").toAbsolutePath();
        return (Files.exists(here.resolve("mvnw")) ? here : here.resolve("..")).resolve(path);
    }

    private static void compare(JsonNode root) {
        JsonNode z = root.path("inputs").path("z");
        int classes = z.path(0).path(0).size();
        TreeMap<String, double[]> logits = new TreeMap<>();
        for (int i = 0; i < z.size(); i++) {
            logits.put("p" + (char) ('a' + i), numbers(z.path(i)));
        }
        double[] labels = numbers(root.path("inputs").path("labels"));
        Dynamics d = Dynamics.of(
                logits, Ints.of(Arrays.stream(labels).mapToInt(v -> (int) v).toArray()), classes);
        JsonNode expected = root.path("expected");
        compare(
                expected.path("accuracy"),
                d.each().stream().map(Dynamics.Figures::accuracy).toList());
        compare(
                expected.path("nll"),
                d.each().stream().map(Dynamics.Figures::negativeLogLikelihood).toList());
        compare(
                expected.path("brier"),
                d.each().stream().map(Dynamics.Figures::brier).toList());
        compare(
                expected.path("ece"),
                d.each().stream().map(Dynamics.Figures::calibrationError).toList());
        compare(expected.path("ensemble_prob"), d.byProbability());
        compare(expected.path("ensemble_logit"), d.byLogits());
        compare(
                expected.path("disagreement"),
                d.disagreement().stream().flatMap(List::stream).toList());
        compare(
                expected.path("kl"),
                d.divergence().stream().flatMap(List::stream).toList());
        compare(
                expected.path("double_fault"),
                d.doubleFault().stream().flatMap(List::stream).toList());
        compare(expected.path("variance"), List.of(d.variance()));
        compare(expected.path("oracle_accuracy"), List.of(d.oracle()));
        compare(expected.path("loo_value"), d.leaveOneOut());
        assertThat(expected.size())
                .as("everything that is expected was compared")
                .isEqualTo(12);
    }

    private static void compare(JsonNode expected, Dynamics.Figures figures) {
        compare(expected.path("accuracy"), List.of(figures.accuracy()));
        compare(expected.path("nll"), List.of(figures.negativeLogLikelihood()));
        compare(expected.path("brier"), List.of(figures.brier()));
        compare(expected.path("ece"), List.of(figures.calibrationError()));
    }

    private static void compare(JsonNode expected, List<Double> actual) {
        assertThat(actual.stream().mapToDouble(Double::doubleValue).toArray())
                .containsExactly(numbers(expected), within(TOLERANCE));
    }

    private static double[] numbers(JsonNode node) {
        List<Double> all = new ArrayList<>();
        collect(node, all);
        return all.stream().mapToDouble(Double::doubleValue).toArray();
    }

    private static void collect(JsonNode node, List<Double> into) {
        if (node.isArray()) {
            node.forEach(child -> collect(child, into));
        } else {
            assertThat(node.isNumber()).isTrue();
            into.add(node.asDouble());
        }
    }
}
