package dev.cohort.launch.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.launch.chaos.ChaosPlan.Kinds;
import dev.cohort.launch.chaos.ChaosPlan.Target;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ChaosPlanTest {
    private static final List<Target> RUN = List.of(
            new Target("augmenter", "augment", true),
            new Target("broker", "broker", false),
            new Target("coordinator", "coordinator", true),
            new Target("p1", "peer", true),
            new Target("p2", "peer", true),
            new Target("p3", "peer", true),
            new Target("p4", "peer", true));
    private static final List<String> ANY = List.of("augment", "broker", "coordinator", "peer");

    private static List<Disturbance> drawn(Kinds kinds, long seed, int count, long everyMs) {
        ChaosPlan plan = new ChaosPlan(kinds, seed);
        List<Disturbance> all = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            plan.next(RUN, i * everyMs).ifPresent(all::add);
        }
        return all;
    }

    @Test
    void drawsTheSameForTheSameSeed() {
        Kinds kinds = new Kinds(ANY, true, false, false, true, true);
        assertThat(drawn(kinds, 3, 50, 10_000)).isEqualTo(drawn(kinds, 3, 50, 10_000));
        assertThat(drawn(kinds, 3, 50, 10_000)).isNotEqualTo(drawn(kinds, 4, 50, 10_000));
    }

    @Test
    void killsEveryRoleAboutAsOften() {
        TreeMap<String, Integer> kills = new TreeMap<>();
        for (Disturbance one : drawn(new Kinds(ANY, false, false, false, false, false), 1, 400, 60_000)) {
            kills.merge(((Disturbance.Kill) one).process(), 1, Integer::sum);
        }
        assertThat(kills.keySet()).hasSize(RUN.size());
        assertThat(kills.get("broker")).isBetween(60, 140);
        assertThat(kills.get("p1")).isBetween(10, 45);
    }

    @Test
    void killsNoProcessSoOftenThatItWouldBeGivenUp() {
        List<Long> deaths = new ArrayList<>();
        ChaosPlan plan = new ChaosPlan(new Kinds(List.of("broker"), false, false, false, false, false), 1);
        for (long nowMs = 0; nowMs < 300_000; nowMs += 1_000) {
            Optional<Disturbance> next = plan.next(RUN, nowMs);
            if (next.isPresent()) {
                deaths.add(nowMs);
            }
        }
        assertThat(deaths).hasSizeGreaterThan(10);
        for (long from : deaths) {
            assertThat(deaths.stream().filter(t -> t >= from && t < from + 60_000))
                    .hasSizeLessThan(5);
        }
    }

    @Test
    void drawsOnlyPermittedDisturbances() {
        assertThat(drawn(new Kinds(List.of(), false, false, false, true, false), 1, 20, 1_000))
                .hasSize(20)
                .containsOnly(new Disturbance.Corrupt());
        assertThat(drawn(new Kinds(List.of("peer"), true, false, false, false, false), 1, 40, 30_000))
                .anyMatch(Disturbance.Pause.class::isInstance)
                .anyMatch(Disturbance.Kill.class::isInstance)
                .noneMatch(Disturbance.Corrupt.class::isInstance);
    }

    @Test
    void drawsNothingWithoutARunningProcess() {
        ChaosPlan plan = new ChaosPlan(new Kinds(ANY, false, false, false, false, false), 1);
        assertThat(plan.next(List.of(), 0)).isEmpty();
        assertThatThrownBy(() -> new ChaosPlan(new Kinds(List.of(), true, false, false, false, false), 1))
                .hasMessageContaining("--kill");
    }

    @Test
    void disconnectsAndCutsOnlyProcessesBehindAProxy() {
        List<Disturbance> all = drawn(new Kinds(List.of(), false, true, true, false, false), 2, 200, 1_000);
        assertThat(all).hasSize(200);
        assertThat(all).filteredOn(Disturbance.Part.class::isInstance).hasSizeBetween(60, 140);
        assertThat(all)
                .allSatisfy(d -> assertThat(
                                d instanceof Disturbance.Part part ? part.process() : ((Disturbance.Cut) d).process())
                        .isNotEqualTo("broker"));
    }
}
