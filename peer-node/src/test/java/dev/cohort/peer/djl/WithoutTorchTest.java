package dev.cohort.peer.djl;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.protocol.ImageShape;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What works, and which message is printed, in a JVM without PyTorch. */
class WithoutTorchTest {
    @TempDir
    private Path cache;

    /** Reads everything in the catalogue and the device choice that is plain data. */
    static final class AskTheCatalogue {
        private AskTheCatalogue() {}

        public static void main(String[] args) {
            ModelCatalog.all().forEach(a -> System.out.println(a.name() + " " + ModelCatalog.featureWidth(a.name())));
            ModelCatalog.maps("vgg16", new ImageShape(32, 32, 3))
                    .forEach(map -> System.out.println(map.name() + " " + map.rowShape()));
            System.out.println(DeviceChoice.parse("auto").on(2, 1));
        }
    }

    /** Starts the engine and prints its version or its error. */
    static final class StartTheEngine {
        private StartTheEngine() {}

        public static void main(String[] args) {
            try {
                System.out.println("started " + TorchEngine.start().version());
            } catch (IllegalStateException e) {
                System.out.println("refused: " + e.getMessage());
            }
        }
    }

    @Test
    void theCatalogueNeedsNeitherDjlNorPyTorch() throws Exception {
        List<String> lines = run(
                AskTheCatalogue.class,
                entry -> !entry.contains(Path.of("ai", "djl").toString()));

        assertThat(lines).contains("map/stage1 [64, 32, 32]", "map/last [512, 1, 1]");
        assertThat(lines).contains("resnet8 64", "wrn-16-2 128", "vgg16 512", "densenet-40-12 448", "cuda:1");
    }

    @Test
    void missingNativesAreNamedWithTheFix() throws Exception {
        List<String> lines = run(StartTheEngine.class, entry -> !entry.contains("pytorch-native"));

        assertThat(lines)
                .filteredOn(line -> line.startsWith("refused: "))
                .singleElement()
                .asString()
                .startsWith("refused: PyTorch's native libraries cannot be loaded")
                .contains("put pytorch-native-cpu of this platform on the class path", "PYTORCH_LIBRARY_PATH");
    }

    @Test
    void presentNativesStart() {
        assertThat(TorchEngine.start().version()).isEqualTo("2.7.1");
        assertThat(TorchEngine.start().threads()).isEqualTo(1);
        assertThat(TorchEngine.start().gpus()).isZero();
    }

    /** Lines printed by {@code main} in a JVM with the class path entries that {@code kept} accepts. */
    private List<String> run(Class<?> main, Predicate<String> kept) throws IOException, InterruptedException {
        String classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator, -1))
                .filter(kept)
                .collect(Collectors.joining(File.pathSeparator));
        return ChildJvm.run(main, classPath, List.of("-Xmx64m", "-DDJL_CACHE_DIR=" + cache));
    }
}
