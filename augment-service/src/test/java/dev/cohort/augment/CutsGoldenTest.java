package dev.cohort.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

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
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every number of every golden file of {@code cutmix_geometry}; the folder is {@code -Dgolden.dir}, else the resources. */
final class CutsGoldenTest {
    private static final String METHOD = "cutmix_geometry";
    private static final double TOLERANCE = 1e-9;

    /** Those of this method; a folder that has others only is skipped visibly, an empty one fails. */
    private static List<JsonNode> files() throws IOException, URISyntaxException {
        String folder = System.getProperty("golden.dir", "");
        Path path = folder.isEmpty()
                ? Path.of(CutsGoldenTest.class.getResource("/golden").toURI())
                : fromRoot(Path.of(folder));
        List<JsonNode> all = new ArrayList<>();
        try (Stream<Path> entries = Files.list(path)) {
            for (Path file :
                    entries.filter(p -> p.toString().endsWith(".json")).sorted().toList()) {
                all.add(new ObjectMapper().readTree(file.toFile()));
            }
        }
        assertThat(all).as("golden files in " + path).isNotEmpty();
        List<JsonNode> known = all.stream()
                .filter(g -> g.path("method").asText().equals(METHOD))
                .toList();
        assumeThat(known).as("golden files of " + METHOD + " in " + path).isNotEmpty();
        return known;
    }

    /** Tests run in the folder of their module; who calls Maven is in the one above. */
    private static Path fromRoot(Path path) {
        Path here = Path.of("").toAbsolutePath();
        Path root = Files.exists(here.resolve("mvnw")) ? here : here.resolve("..");
        return root.resolve(path).normalize();
    }

    @Test
    void knowsEverythingThatIsExpected() throws Exception {
        for (JsonNode golden : files()) {
            hasKnownNumbers(golden);
        }
    }

    private static void hasKnownNumbers(JsonNode golden) {
        assertThat(golden.get("expected").fieldNames())
                .toIterable()
                .isSubsetOf("boxes", "owner", "weights")
                .isNotEmpty();
    }

    @Test
    void boxesAreThoseOfCutMix() throws Exception {
        for (JsonNode golden : files()) {
            compareBoxes(golden);
        }
    }

    private static void compareBoxes(JsonNode golden) {
        for (JsonNode expected : golden.get("expected").path("boxes")) {
            ImageShape shape =
                    new ImageShape(expected.get("H").asInt(), expected.get("W").asInt(), 1);
            Box box = Cuts.around(
                    shape,
                    expected.get("lam").asDouble(),
                    expected.get("cx").asInt(),
                    expected.get("cy").asInt());

            assertThat(box)
                    .as(expected.toString())
                    .isEqualTo(new Box(
                            expected.get("x1").asInt(),
                            expected.get("y1").asInt(),
                            expected.get("x2").asInt(),
                            expected.get("y2").asInt()));
            assertThat(Cuts.weights(shape, List.of(box)).get(0))
                    .isCloseTo(expected.get("lam_adjusted").asDouble(), within(TOLERANCE));
            assertThat(expected.size()).as("numbers of a box").isEqualTo(10);
        }
    }

    @Test
    void pixelsBelongToTheirLastPainter() throws Exception {
        for (JsonNode golden : files()) {
            compareOwners(golden);
        }
    }

    private static void compareOwners(JsonNode golden) {
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
        assertThat(owner.size()).isEqualTo(shape.height());
        for (int y = 0; y < shape.height(); y++) {
            assertThat(owner.get(y).size()).isEqualTo(shape.width());
            for (int x = 0; x < shape.width(); x++) {
                assertThat(owners[y * shape.width() + x])
                        .as("owner of row " + y + " column " + x)
                        .isEqualTo(owner.get(y).get(x).asInt());
            }
        }
        JsonNode expectedWeights = golden.get("expected").get("weights");
        assertThat(weights).hasSize(expectedWeights.size());
        for (int k = 0; k < weights.size(); k++) {
            assertThat(weights.get(k)).isCloseTo(expectedWeights.get(k).asDouble(), within(TOLERANCE));
        }
    }
}
