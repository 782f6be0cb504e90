package dev.cohort.study.view;

import static org.assertj.core.api.Assertions.assertThat;

import dev.cohort.study.Timeline;
import org.junit.jupiter.api.Test;

class TimelinePageTest {
    @Test
    void describesEventsInWords() {
        assertThat(TimelinePage.words(event(Timeline.Kind.STARTS, "start 2"))).isEqualTo("starts (start 2)");
        assertThat(TimelinePage.words(event(Timeline.Kind.MISSING, "no longer contributes")))
                .isEqualTo("no longer contributes");
        assertThat(TimelinePage.words(event(Timeline.Kind.LEFT, "drained"))).isEqualTo("leaves (drained)");
        assertThat(TimelinePage.words(event(Timeline.Kind.ASKED, "drain: by hand")))
                .isEqualTo("is asked to leave (drain: by hand)");
    }

    private static Timeline.Event event(Timeline.Kind kind, String detail) {
        return new Timeline.Event(kind, 3, 1_000, "p1", detail);
    }
}
