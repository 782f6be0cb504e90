package dev.cohort.coordinator.method;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.golden.GoldenFile;
import dev.cohort.golden.GoldenTaker;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** What this module leaves out, another one takes. */
class TakenGoldenFilesTest {
    @Test
    void everyFileIsTakenByAModule() {
        assertThat(GoldenTaker.untaken(GoldenFile.all()))
                .as("golden files that no module takes: write a test and name the method in GoldenTaker")
                .isEmpty();
    }

    @Test
    void hasAFileOfEveryMethodItTakes() {
        TreeSet<String> own = new TreeSet<>();
        GoldenFile.ofModule().forEach(file -> own.add(file.method()));

        assertThat(own).isEqualTo(GoldenTaker.COORDINATOR.sortedMethods());
    }
}
