package dev.cohort.launch.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.study.Finding;
import dev.cohort.study.StudiedSteps;
import dev.cohort.study.Verification;
import dev.cohort.study.Verification.Verdict;
import dev.cohort.tensor.Hasher;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class PromisesTest {
    private static Verdict verdict(long steps, OptionalLong last, Finding... findings) {
        return new Verdict(
                steps,
                1,
                steps,
                steps,
                last,
                0,
                List.of(findings),
                findings.length,
                new TreeMap<>(),
                new Hasher().digest(),
                new Hasher().digest(),
                new StudiedSteps(List.of(), last, steps),
                OptionalLong.empty(),
                new Verification.MapsGone(0, 0, 0));
    }

    private static List<Boolean> kept(Verdict verdict, Promises.Said counts, long written) {
        return Promises.ofLog(verdict, counts, written, 0).stream()
                .map(Promises.Promise::kept)
                .toList();
    }

    @Test
    void aWholeRunKeepsAllPromises() {
        assertThat(kept(verdict(10, OptionalLong.of(10)), new Promises.Said(6, 0), 6))
                .containsExactly(true, true, true, true);
    }

    @Test
    void reportsAMissingOutcomeAnEarlyEndAndAFinding() {
        Finding missing = new Finding(
                Finding.Kind.MISSING, OptionalLong.of(3), Optional.empty(), "outcome", "step 3 has no outcome");
        assertThat(kept(verdict(9, OptionalLong.of(10), missing), new Promises.Said(0, 0), 0))
                .containsExactly(false, false, true, true);
        assertThat(kept(verdict(10, OptionalLong.empty()), new Promises.Said(0, 0), 0))
                .startsWith(false, true);
        assertThat(Promises.ofLog(verdict(9, OptionalLong.of(10), missing), new Promises.Said(0, 0), 0, 0)
                        .get(1)
                        .detail())
                .contains("step 3, outcome: step 3 has no outcome");
    }

    @Test
    void reportsCorruptRecordsThatWereNotRefusedAndRefusedOnesThatNobodyWrote() {
        assertThat(kept(verdict(10, OptionalLong.of(10)), new Promises.Said(5, 0), 6))
                .endsWith(false);
        assertThat(kept(verdict(10, OptionalLong.of(10)), new Promises.Said(1, 0), 0))
                .endsWith(false);
        assertThat(kept(verdict(10, OptionalLong.of(10)), new Promises.Said(0, 1), 0))
                .containsExactly(true, true, false, true);
    }

    @Test
    void acceptsUncertainRecordsRefusedOrNot() {
        for (long refused : new long[] {6, 7, 9}) {
            assertThat(Promises.ofLog(verdict(10, OptionalLong.of(10)), new Promises.Said(refused, 0), 6, 3)
                            .get(3)
                            .kept())
                    .isTrue();
        }
        assertThat(Promises.ofLog(verdict(10, OptionalLong.of(10)), new Promises.Said(10, 0), 6, 3)
                        .get(3)
                        .kept())
                .isFalse();
    }

    @Test
    void memoryMayGrowByHalf() {
        long mib = 1L << 20;
        assertThat(Promises.ofMemory(Optional.of(new MemoryWatch.Growth("p1", 400 * mib, 600 * mib)))
                        .kept())
                .isTrue();
        assertThat(Promises.ofMemory(Optional.of(new MemoryWatch.Growth("p1", 400 * mib, 601 * mib)))
                        .kept())
                .isFalse();
        assertThat(Promises.ofMemory(Optional.empty()).detail()).startsWith("not measured");
    }
}
