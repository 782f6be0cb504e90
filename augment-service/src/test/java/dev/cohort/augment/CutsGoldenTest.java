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
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every number of every golden file of {@code cutmix_geometry}; the folder is {@code -Dgolden.dir}, else the resources. */
final class CutsGoldenTest {
    private static final String METHOD = "cutmix_geometry";
    private static final double TOLERANCE = 1e-9;

    static Stream<JsonNode> files() throws IOException, URISyntaxException {
        String folder = System.getProperty("golden.dir", "");
        Path path = folder.isEmpty()
                ? Path.of(CutsGoldenTest.class.getResource("/golden").toURI())
                : Path.of(folder);
        List<JsonNode> found = new ArrayList<>();
        try (Stream<Path> entries = Files.list(path)) {
            for (Path file :
                    entries.filter(p -> p.toString().endsWith(".json")).sorted().toList()) {
                JsonNode golden = new ObjectMapper().readTree(file.toFile());
                if (golden.path("method").asText().equals(METHOD)) {
                    found.add(golden);
                }
            }
        }
        assertThat(found).as("golden files of " + METHOD + " in " + path).isNotEmpty();
        return found.stream();
    }

    @ParameterizedTest
    @MethodSource("files")
    void knowsEverythingThatIsExpected(JsonNode golden) {
        assertThat(golden.get("expected").fieldNames())
                .toIterable()
                .isSubsetOf("boxes", "owner", "weights")
                .isNotEmpty();
    }

    @ParameterizedTest
    @MethodSource("files")
    void boxesAreThoseOfCutMix(JsonNode golden) {
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

    @ParameterizedTest
    @MethodSource("files")
    void pixelsBelongToTheirLastPainter(JsonNode golden) {
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
