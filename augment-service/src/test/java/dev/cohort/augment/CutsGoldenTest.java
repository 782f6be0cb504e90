package dev.cohort.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.cohort.protocol.Box;
import dev.cohort.protocol.ImageShape;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every number of every golden file of {@code cutmix_geometry}; the folder is {@code -Dgolden.dir}, else the resources. */
final class CutsGoldenTest {
    private static final String METHOD = "cutmix_geometry";
    private static final double TOLERANCE = 1e-9;

    @TestFactory
    Stream<DynamicTest> cutsAndPaintsAsTheFileSays() throws IOException, URISyntaxException {
        SortedMap<String, JsonNode> known = files();
        known.values().removeIf(golden -> !golden.path("method").asText().equals(METHOD));
        return known.entrySet().stream()
                .map(entry -> DynamicTest.dynamicTest(entry.getKey(), () -> {
                    knowsEverythingExpected(entry.getKey(), entry.getValue());
                    compareBoxes(entry.getKey(), entry.getValue());
                    compareOwners(entry.getKey(), entry.getValue());
                }));
    }

    /** The golden files by name; an empty folder fails. */
    private static SortedMap<String, JsonNode> files() throws IOException, URISyntaxException {
        String given = System.getProperty("golden.dir", "");
        Path folder = given.isBlank()
                ? Path.of(CutsGoldenTest.class.getResource("/golden").toURI())
                : fromRoot(Path.of(given));
        assertThat(folder).as("folder of golden files, golden.dir").isDirectory();
        SortedMap<String, JsonNode> files = new TreeMap<>();
        try (Stream<Path> entries = Files.list(folder)) {
            for (Path file : entries.filter(p -> p.toString().endsWith(".json") && Files.isRegularFile(p))
                    .toList()) {
                files.put(String.valueOf(file.getFileName()), new ObjectMapper().readTree(file.toFile()));
            }
        }
        assertThat(files)
                .as("golden files: %s must have at least one *.json (golden.dir)", folder)
                .isNotEmpty();
        return files;
    }

    /** A relative folder starts where Maven is called, one above the module's folder in which tests run. */
    private static Path fromRoot(Path path) {
        Path here = Path.of("").toAbsolutePath();
        Path root = Files.exists(here.resolve("mvnw")) ? here : here.resolve("..");
        return root.resolve(path).normalize();
    }

    private static void knowsEverythingExpected(String file, JsonNode golden) {
        assertThat(golden.get("expected").fieldNames())
                .toIterable()
                .as(file)
                .isSubsetOf("boxes", "owner", "weights")
                .isNotEmpty();
    }

    private static void compareBoxes(String file, JsonNode golden) {
        for (JsonNode expected : golden.get("expected").path("boxes")) {
            ImageShape shape =
                    new ImageShape(expected.get("H").asInt(), expected.get("W").asInt(), 1);
            Box box = Cuts.around(
                    shape,
                    expected.get("lam").asDouble(),
                    expected.get("cx").asInt(),
                    expected.get("cy").asInt());

            assertThat(box)
                    .as("%s: %s", file, expected)
                    .isEqualTo(new Box(
                            expected.get("x1").asInt(),
                            expected.get("y1").asInt(),
                            expected.get("x2").asInt(),
                            expected.get("y2").asInt()));
            assertThat(Cuts.weights(shape, List.of(box)).get(0))
                    .as("%s: lam_adjusted of %s", file, expected)
                    .isCloseTo(expected.get("lam_adjusted").asDouble(), within(TOLERANCE));
            assertThat(expected.size()).as("%s: numbers of a box", file).isEqualTo(10);
        }
    }

    private static void compareOwners(String file, JsonNode golden) {
        JsonNode inputs = golden.get("inputs");
        ImageShape shape =
                new ImageShape(inputs.get("H").asInt(), inputs.get("W").asInt(), 1);
        List<Box> boxes = new ArrayList<>();
        inputs.get("boxes_painted")
                .forEach(b -> boxes.add(new Box(
                        b.get(0).asInt(),
                        b.get(1).asInt(),
                        b.get(2).asInt(),
                        b.get(3).asInt())));

        int[] owners = Cuts.owners(shape, boxes);
        List<Double> weights = Cuts.weights(shape, boxes);

        JsonNode owner = golden.get("expected").get("owner");
        assertThat(owner.size()).as("%s: rows", file).isEqualTo(shape.height());
        for (int y = 0; y < shape.height(); y++) {
            assertThat(owner.get(y).size()).as("%s: columns", file).isEqualTo(shape.width());
            for (int x = 0; x < shape.width(); x++) {
                assertThat(owners[y * shape.width() + x])
                        .as("%s: owner of row %d column %d", file, y, x)
                        .isEqualTo(owner.get(y).get(x).asInt());
            }
        }
        JsonNode expectedWeights = golden.get("expected").get("weights");
        assertThat(weights).as("%s: weights", file).hasSize(expectedWeights.size());
        for (int k = 0; k < weights.size(); k++) {
            assertThat(weights.get(k))
                    .as("%s: weights[%d]", file, k)
                    .isCloseTo(expectedWeights.get(k).asDouble(), within(TOLERANCE));
        }
    }
}
