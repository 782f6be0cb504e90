package dev.cohort.launch.compare;

import static dev.cohort.launch.compare.SampleResults.row;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SummaryTest {
    /** {@code gains[i]} is what seed i + 1 gains by the second variant; seeds differ by far more. */
    static Summary summary(double... gains) {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < gains.length; i++) {
            double base = 0.6 + 0.1 * i;
            rows.add(row("alone", i + 1, SampleResults.of("independent", i + 1, base, base + 0.02, base + 0.04, base)));
            rows.add(row(
                    "dml",
                    i + 1,
                    SampleResults.of("dml", i + 1, base + gains[i], base + 0.02 + gains[i], base + 0.04, base)));
        }
        return new Summary("sample", List.of("alone", "dml"), rows, 2 * gains.length);
    }

    @Test
    void averagesOverSeeds() {
        Summary summary = summary(0.01, 0.02, 0.03);
        assertThat(summary.accuracy("alone", Figure.PEERS).orElseThrow().mean()).isCloseTo(0.71, within(1e-12));
        assertThat(summary.accuracy("dml", Figure.CONTROL).orElseThrow().mean()).isCloseTo(0.7, within(1e-12));
        assertThat(summary.accuracy("dml", Figure.TEACHER)).isEmpty();
        assertThat(summary.seconds("dml")).hasValue(90.5);
    }

    @Test
    void pairsDifferencesBySeed() {
        Summary summary = summary(0.029, 0.030, 0.031);
        var paired = summary.againstFirst("dml", Figure.PEERS).orElseThrow();
        assertThat(paired.mean()).isCloseTo(0.03, within(1e-12));
        assertThat(paired.half().orElse(0)).isCloseTo(4.30 * 0.001 / Math.sqrt(3), within(1e-9));
        assertThat(summary.accuracy("dml", Figure.PEERS).orElseThrow().half().orElse(0))
                .as("the seeds themselves differ by a lot")
                .isGreaterThan(0.2);
        assertThat(summary.againstFirst("alone", Figure.PEERS))
                .as("against itself")
                .isEmpty();
    }

    @Test
    void comparesControlWithPeersOfItsOwnModelOnly() {
        // p2, another model, is 2 points better and does not count.
        assertThat(summary(0.01, 0.01, 0.01)
                        .againstControl("dml", Figure.PEERS)
                        .orElseThrow()
                        .mean())
                .isCloseTo(0.01, within(1e-12));
    }

    @Test
    void leavesOutSeedsOfOneSideOnly() {
        Summary whole = summary(0.01, 0.02, 0.03);
        List<Row> rows = whole.rows().stream()
                .filter(r -> !r.run().equals(new Planned("alone", 2)))
                .toList();
        Summary part = new Summary("sample", whole.variants(), rows, 6);
        assertThat(part.againstFirst("dml", Figure.PEERS).orElseThrow().runs()).isEqualTo(2);
        assertThat(part.reading().get(0)).contains("5 of 6 runs are finished");
    }

    @Test
    void namesDifferencesThatExceedTheSpread() {
        assertThat(String.join(" ", summary(0.029, 0.030, 0.031).reading()))
                .contains("Mean of peers against alone: more than the spread over seeds: dml +3.0 points ± 0.2.")
                .contains("Peers with control's model against control: more than the spread over seeds:"
                        + " dml +3.0 points ± 0.2; within it: alone.")
                .contains("Ensemble against alone: no difference exceeds the spread over seeds.")
                .contains("Of 6 differences about 0.3 would exceed it by chance alone");
    }

    @Test
    void claimsNothingWithinTheSpreadOrWithTwoSeeds() {
        assertThat(summary(-0.03, 0.01, 0.03).differences())
                .filteredOn(d -> d.variant().equals("dml") && d.figure() == Figure.PEERS)
                .hasSize(2)
                .noneMatch(d -> d.spread().exceeds());
        assertThat(summary(0.03, 0.03).reading())
                .singleElement()
                .asString()
                .contains("fewer than 3 seeds")
                .contains("--seeds 1,2,3");
    }
}
