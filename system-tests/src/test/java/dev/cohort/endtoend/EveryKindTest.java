package dev.cohort.endtoend;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.cohort.coordinator.method.Method;
import dev.cohort.coordinator.method.MethodCatalog;
import dev.cohort.experiment.Experiment.Mix.Mixing;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every method, every way of mixing and every form of data trains; all of them appear in as few runs as possible. */
@Tag("slow")
class EveryKindTest {
    private static final int STEPS = 8;

    @TempDir
    private Path folder = Path.of("");

    @RegisterExtension
    private final Shell shell = new Shell(() -> folder);

    static Stream<Arguments> kinds() {
        List<Method> methods = MethodCatalog.all();
        Mixing[] mixings = Mixing.values();
        TinyImages[] images = TinyImages.values();
        int runs = Math.max(methods.size(), Math.max(mixings.length, images.length));
        return IntStream.range(0, runs)
                .mapToObj(i -> Arguments.of(
                        methods.get(i % methods.size()).name(),
                        mixings[i % mixings.length],
                        large(methods.get(i % methods.size())) ? TinyImages.CIFAR10 : images[i % images.length]));
    }

    /** The discriminators of this method take maps of at least 3x3 pixels, and images of 8x8 become maps of 2x2. */
    private static boolean large(Method method) {
        return method.name().equals("afd");
    }

    @ParameterizedTest
    @MethodSource("kinds")
    void trainsToItsLastStep(String method, Mixing mixing, TinyImages images) {
        Path experiment = TinyRun.write(shell.folder(), images);
        Ended run = shell.run(TinyRun.words(
                        experiment,
                        "--steps",
                        Integer.toString(STEPS),
                        // Parameters belong to a method, so the one of the file loses its own.
                        "--set",
                        "method.name=" + method,
                        "--set",
                        "mix.kind=" + mixing.name().toLowerCase(Locale.ROOT),
                        "--set",
                        "mix.probability=1",
                        // The state of some teachers grows with every pair of slots.
                        "--set",
                        "elastic.max=2"))
                .well();
        JsonNode result = run.json();
        assertThat(result.path("method").asText()).isEqualTo(method);
        assertThat(result.path("steps").asInt()).isEqualTo(STEPS);
        int targets = result.path("outcomes").path("targets").asInt(-1);
        assertThat(targets).isEqualTo(method.equals("independent") ? 0 : STEPS);
        assertThat(result.path("digest_mismatches").asInt(-1)).isZero();
        assertThat(result.path("rejected_messages").asInt(-1)).isZero();
        assertThat(run.weights().values())
                .as("each peer learned for itself")
                .hasSize(2)
                .doesNotHaveDuplicates();
        assertThat(result.path("peers"))
                .allSatisfy(p -> assertThat(p.path("steps_trained").asInt()).isEqualTo(STEPS));
    }
}
