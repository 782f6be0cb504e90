package dev.cohort.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cohort.coordinator.teacher.Teacher;
import dev.cohort.experiment.Experiment;
import dev.cohort.experiment.Experiment.Elastic;
import dev.cohort.experiment.Experiment.Mix.Mixing;
import dev.cohort.experiment.Experiment.Pace;
import dev.cohort.protocol.Node;
import dev.cohort.protocol.Outcome;
import dev.cohort.protocol.PeerId;
import dev.cohort.protocol.Topic;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** More peers than seats over a run: two that stay, and four newcomers that take a third seat one after another. */
class SeatsTest {
    private static final int SEEDS = 3;
    private static final int NEWCOMERS = 4;
    private static final int SEATS = 3;
    private static final long FIRST_MS = 150;
    private static final long EVERY_MS = 700;
    private static final long STAYS_MS = 550;

    private static Scenario scenario(String method, long seed) {
        List<PeerPlan> peers = new ArrayList<>();
        List<Fault> faults = new ArrayList<>();
        for (int i = 1; i < SEATS; i++) {
            peers.add(plan("p" + i, PeerPlan.Role.NAMED, i, i));
        }
        for (int i = 0; i < NEWCOMERS; i++) {
            String id = "n" + (i + 1);
            long atMs = FIRST_MS + i * EVERY_MS;
            peers.add(plan(id, PeerPlan.Role.HEAD_NEWCOMER, atMs, SEATS + i));
            faults.add(new Fault.Drain(atMs + STAYS_MS, id));
        }
        // A second coordinator and a restart, both of which read the whole log.
        faults.add(new Fault.SecondCoordinator(FIRST_MS + 3 * EVERY_MS / 2, "c2"));
        faults.add(new Fault.Crash(FIRST_MS + 5 * EVERY_MS / 2, "c1", 50, Fault.Damage.NONE));
        Experiment experiment = Draw.experiment(
                method,
                new Experiment.Run("seats", seed, OptionalInt.empty(), OptionalLong.of(300), 6),
                // Each seat has its own view of the images.
                new Experiment.Augment(1, true, seed % 2 == 0),
                new Experiment.Mix(Mixing.NONE, 1, 0, 1),
                Experiment.Data.Delivery.RECIPE,
                Draw.pace(Pace.Completion.ALL, Pace.OnLoss.DROP, Scenario.DEADLINE_MS),
                2,
                peers,
                0);
        Scenario plain = new Scenario(
                seed,
                experiment,
                Blobs.drawn(seed, 16, 16, 30, 30, 0),
                5,
                peers,
                Scenario.Second.NONE,
                3,
                new Weather(2, 1, 0, 0, 0, 0),
                faults,
                FIRST_MS + NEWCOMERS * EVERY_MS);
        return Variants.of(plain, new Elastic(2, SEATS, 0, 0, 0), faults);
    }

    private static PeerPlan plan(String id, PeerPlan.Role role, long startsAtMs, long weights) {
        return new PeerPlan(new PeerId(id), role, startsAtMs, weights, 2, Optional.empty());
    }

    private static List<Outcome> outcomes(String method, Sabotage sabotage) {
        List<Outcome> outcomes = new ArrayList<>();
        for (long seed = 1; seed <= SEEDS; seed++) {
            Simulation simulation = new Simulation(scenario(method, seed), sabotage, false);
            simulation.run();
            outcomes.addAll(simulation.log().all(Topic.OUTCOMES, Outcome.class));
        }
        return outcomes;
    }

    @ParameterizedTest
    @ValueSource(strings = {"one", "kdcl_general", "mean_logit"})
    void oneSeatServesAllNewcomersAndBeginsAnewWithEach(String method) {
        List<Outcome> outcomes = outcomes(method, Sabotage.NONE);

        assertThat(outcomes.stream()
                        .flatMap(o -> o.contributors().stream())
                        .filter(c -> c.slot() == SEATS - 1)
                        .map(c -> c.peer().value())
                        .collect(Collectors.toSet()))
                .containsExactlyInAnyOrder("n1", "n2", "n3", "n4");
        assertThat(outcomes.stream().filter(o -> o.renewed().size() > 0).count())
                .isGreaterThan(SEEDS * (NEWCOMERS - 1) / 2);
    }

    private static void assertNoticed(String by, Sabotage sabotage) {
        assertThatThrownBy(() -> outcomes("one", sabotage)).hasMessageStartingWith(by);
    }

    @Test
    void noticesATeacherThatRemembersWhoHadTheSeatBefore() {
        assertNoticed("TeacherIsBuiltFromItsContributors", new Sabotage() {
            @Override
            public Teacher teacher(Teacher teacher) {
                return new TeacherSaboteurs.RemembersFormerVoters(teacher);
            }
        });
    }

    @Test
    void noticesACoordinatorThatDoesNotSayWhatBeginsAnew() {
        assertNoticed("SlotsBeginAnew", new Sabotage() {
            @Override
            public Node coordinator(Node coordinator) {
                return new MembershipSaboteurs.KeepsSilentAboutNewVoters(coordinator);
            }
        });
    }

    @Test
    void noticesThatASeatIsTakenFromAPeerThatIsThere() {
        assertNoticed("NoSeatIsTaken", new Sabotage() {
            @Override
            public Node coordinator(Node coordinator) {
                return new MembershipSaboteurs.EvictsForNewcomers(coordinator);
            }
        });
    }
}
