package dev.cohort.golden;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.distill.ExchangeGolden;
import dev.cohort.distill.SpacedGolden;
import dev.cohort.distill.dense.DenseGolden;
import dev.cohort.distill.maps.AdaptiveGolden;
import dev.cohort.distill.maps.AdversarialGolden;
import dev.cohort.distill.maps.BlocksGolden;
import dev.cohort.distill.maps.FactorsGolden;
import dev.cohort.distill.maps.LayersGolden;
import dev.cohort.distill.maps.MapsGolden;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Every golden file is compared by a module, and those of this module here. */
class TakenGoldenFilesTest {
    private static final double TOLERANCE = 1e-9;
    /** Many gradients are small: below this they are compared absolutely. */
    private static final double SCALE_MIN = 1e-3;

    private static SortedMap<String, Consumer<GoldenFile>> checks() {
        SortedMap<String, Consumer<GoldenFile>> all = new TreeMap<>();
        for (SortedMap<String, Consumer<GoldenFile>> some : List.of(
                MapsGolden.checks(),
                AdaptiveGolden.checks(),
                AdversarialGolden.checks(),
                BlocksGolden.checks(),
                ExchangeGolden.checks(),
                FactorsGolden.checks(),
                DenseGolden.checks(),
                LayersGolden.checks(),
                SpacedGolden.checks())) {
            some.forEach((method, check) -> assertThat(all.put(method, check))
                    .as("second check of " + method)
                    .isNull());
        }
        return all;
    }

    @TestFactory
    Stream<DynamicTest> equalsTheWholeDifferentiatedInOneProcess() {
        List<DynamicTest> tests = new ArrayList<>();
        SortedMap<String, Consumer<GoldenFile>> checks = checks();
        for (GoldenFile file : GoldenFile.all()) {
            Consumer<GoldenFile> check = checks.get(file.method());
            if (check != null) {
                tests.add(DynamicTest.dynamicTest(file.toString(), () -> {
                    GoldenFile run = file.within(TOLERANCE, SCALE_MIN);
                    check.accept(run);
                    run.assertAllCompared();
                }));
            }
        }
        return tests.stream();
    }

    @Test
    void everyFileIsTakenByAModule() {
        assertThat(GoldenTaker.untaken(GoldenFile.all()))
                .as("golden files that no module takes: write a test and name the method in GoldenTaker")
                .isEmpty();
    }

    @Test
    void takesWhatItSaysItTakes() throws IOException {
        assertThat(checks().keySet()).isEqualTo(GoldenTaker.PROTOCOL.sortedMethods());
        TreeSet<String> own = new TreeSet<>();
        GoldenFile.ofModule().forEach(file -> own.add(file.method()));
        assertThat(own).as("methods of the files of this module").isEqualTo(GoldenTaker.PROTOCOL.sortedMethods());
    }

    @Test
    void noMethodIsTakenTwice() {
        List<String> all = new ArrayList<>();
        for (GoldenTaker taker : GoldenTaker.ALL) {
            all.addAll(taker.methods());
        }
        assertThat(all).doesNotHaveDuplicates();
    }

    @Test
    void namesAFileThatNobodyTakes(@TempDir Path folder) throws IOException {
        Files.writeString(folder.resolve("kd.json"), "{\"method\": \"kd\"}");
        Files.writeString(folder.resolve("new.json"), "{\"method\": \"of tomorrow\"}");
        Files.writeString(folder.resolve("list.json"), "[1, 2]");

        assertThat(GoldenTaker.untaken(GoldenFile.in(folder)))
                .containsExactly("list.json of method ''", "new.json of method 'of tomorrow'");
    }
}
