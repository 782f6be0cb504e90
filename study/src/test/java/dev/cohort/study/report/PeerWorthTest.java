package dev.cohort.study.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.study.RecentWorth;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

class PeerWorthTest {
    private static RecentWorth.Member member(String peer, double accuracyWorth) {
        return new RecentWorth.Member(
                peer,
                100,
                true,
                0.5,
                1.5,
                new RecentWorth.Difference(0.6, 0.6 - accuracyWorth, OptionalDouble.of(0.01)),
                new RecentWorth.Difference(1.2, 1.2 + accuracyWorth, OptionalDouble.of(0.01)));
    }

    private static PeerWorth worth(int contributorsMin, RecentWorth.Member... members) {
        return new PeerWorth("r", new RecentWorth(101, 200, 100, List.of(members)), contributorsMin);
    }

    @Test
    void namesThePeerToDrainAndWhatThatChanges() {
        PeerWorth worth = worth(1, member("p1", 0.02), member("p2", -0.04));

        assertThat(worth.advice())
                .isEqualTo(
                        "Drain p2: without it the ensemble is better (accuracy +4.0 points, NLL -0.040), by more than"
                                + " noise. Run 'cohort drain p2'.");
        assertThat(worth.json().path("drain").asText()).isEqualTo("p2");
        assertThat(worth.lines().get(4)).contains("p2", "60.0 %", "64.0 %", "-4.00 ± 1.00 pts", "-0.040 ± 0.010");
    }

    @Test
    void drainsNoPeerForADifferenceThatMayBeNoise() {
        PeerWorth worth = worth(1, member("p1", 0.02), member("p2", -0.02));

        assertThat(worth.advice())
                .startsWith("Drain no peer for the ensemble's sake")
                .contains("p2 is missed least (accuracy +2.0 points, NLL -0.020)");
        assertThat(worth.json().has("drain")).isFalse();
        assertThat(worth.json().path("least_missed").asText()).isEqualTo("p2");
    }

    @Test
    void warnsIfTheRunWouldHaveTooFewPeers() {
        assertThat(worth(2, member("p1", 0.02), member("p2", -0.04)).advice())
                .contains("Drain p2", "the run needs 2 contributors (elastic.min) and has 2");
    }

    @Test
    void reportsThatNoPeersCanBeCompared() {
        PeerWorth worth = new PeerWorth("r", new RecentWorth(0, 0, 0, List.of()), 1);

        assertThat(worth.lines()).singleElement().asString().contains("peers cannot be compared");
        assertThat(worth.json().path("peers")).isEmpty();
    }
}
