package dev.cohort.study;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class SampleHistoryTest {
    private final SampleHistory history = new SampleHistory(4);

    private void presented(long step, String peer, String right) {
        for (int i = 0; i < right.length(); i++) {
            history.presented(step, peer, i, right.charAt(i) == '1');
        }
    }

    /** Sample 0: p1 right, wrong, right, wrong. 1: both from the start. 2: p2, late. 3: none. */
    private void threeTests() {
        presented(10, "p1", "1100");
        presented(10, "p2", "0100");
        presented(20, "p1", "0100");
        presented(20, "p2", "1110");
        presented(30, "p1", "1100");
        presented(30, "p2", "0110");
        presented(40, "p1", "0100");
        presented(40, "p2", "0110");
    }

    @Test
    void countsForgettingEventsAsTonevaDoes() {
        threeTests();

        assertThat(history.peers(2))
                .containsExactly(
                        new SampleHistory.Peer("p1", 2, 1, 1, 2, 1, List.of(1, 0, 1)),
                        new SampleHistory.Peer("p2", 3, 2, 2, 1, 1, List.of(2, 1, 0)));
    }

    @Test
    void namesThePeerThatLearnedAnImageFirst() {
        threeTests();

        assertThat(history.sample(0)).isEqualTo(new SampleHistory.Sample(0, 3, 0, OptionalLong.of(10), "p1"));
        assertThat(history.sample(1)).isEqualTo(new SampleHistory.Sample(1, 0, 2, OptionalLong.of(10), "several"));
        assertThat(history.sample(2)).isEqualTo(new SampleHistory.Sample(2, 0, 1, OptionalLong.of(20), "p2"));
        assertThat(history.sample(3)).isEqualTo(new SampleHistory.Sample(3, 0, 0, OptionalLong.empty(), "nobody"));
        assertThat(history.neverLearned()).isEqualTo(1);
        assertThat(history.firstTogether()).isEqualTo(1);
    }

    @Test
    void listsTheImagesThatAreForgottenMostOften() {
        threeTests();

        assertThat(history.mostForgotten(5)).containsExactly(history.sample(0));
        assertThat(new SampleHistory(3).mostForgotten(5)).isEmpty();
        assertThat(new SampleHistory(3).empty()).isTrue();
    }
}
