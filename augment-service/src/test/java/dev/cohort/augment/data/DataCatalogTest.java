package dev.cohort.augment.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import dev.cohort.experiment.Experiment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class DataCatalogTest {
    @TempDir
    Path folder;

    @Test
    void listsEveryKind() {
        assertThat(DataCatalog.kinds())
                .extracting(DataCatalog.Kind::name)
                .containsExactly("fashion-mnist", "cifar10", "cifar100", "idx", "imagefolder");
    }

    @Test
    void refusesAnUnknownKindAndNamesTheKnownOnes() {
        refuses(
                data("mnist", Optional.of("x")),
                "data.name: mnist",
                "fashion-mnist, cifar10, cifar100, idx, imagefolder");
    }

    @ParameterizedTest
    @ValueSource(strings = {"cifar10", "cifar100", "idx", "imagefolder"})
    void refusesAMissingPathAndDescribesIt(String name) {
        refuses(data(name, Optional.empty()), "data.path is not set: " + name + " needs a folder with");
    }

    @ParameterizedTest
    @ValueSource(strings = {"fashion-mnist", "cifar10", "cifar100", "idx", "imagefolder"})
    void refusesAFileInPlaceOfAFolder(String name) throws Exception {
        Path file = Files.createFile(folder.resolve("file"));

        refuses(Folders.data(name, file), file + " is a file: data.path must be a");
    }

    @Test
    void refusesAnInvalidPath() {
        refuses(data("idx", Optional.of("a\0b")), "is not a path");
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 1, Double.NaN})
    void refusesAnImpossibleValidationShare(double share) {
        refuses(Folders.builtIn(share), "data.validation: " + share + ": must be 0 to below 1");
    }

    @Test
    void refusesAValidationShareThatLeavesNothing() throws Exception {
        Folders.idx(folder, 3, 3, 3);

        refuses(Folders.data("idx", folder, 0.9), "leaves none to train on");
    }

    private static Experiment.Data data(String name, Optional<String> path) {
        return new Experiment.Data(name, path, Experiment.Data.Delivery.RECIPE, OptionalDouble.empty());
    }

    private static void refuses(Experiment.Data data, String... parts) {
        assertThatExceptionOfType(DataException.class)
                .isThrownBy(() -> DataCatalog.open(data))
                .withMessageContainingAll(parts);
    }
}
