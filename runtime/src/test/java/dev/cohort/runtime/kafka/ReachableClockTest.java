package dev.cohort.runtime.kafka;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ReachableClockTest {
    private final AtomicLong nanos = new AtomicLong(-5);
    private final ReachableClock clock = new ReachableClock(nanos::get, Duration.ofSeconds(1));

    private void pass(long ms) {
        nanos.addAndGet(TimeUnit.MILLISECONDS.toNanos(ms));
    }

    @Test
    void runsInRealTimeWhileTheBrokerAnswers() {
        for (int i = 0; i < 100; i++) {
            pass(250);
            clock.contact();
        }
        pass(10);
        assertThat(clock.getAsLong()).isEqualTo(25_010);
        assertThat(clock.isRunning()).isTrue();
    }

    @Test
    void stopsInAnOutageAfterTheGracePeriod() {
        pass(500);
        clock.contact();
        pass(60_000);
        assertThat(clock.getAsLong()).isEqualTo(1500);
        assertThat(clock.isRunning()).isFalse();
        assertThat(clock.silentMs()).isEqualTo(60_000);
        clock.contact();
        assertThat(clock.getAsLong()).isEqualTo(1500);
        assertThat(clock.isRunning()).isTrue();
        pass(7);
        assertThat(clock.getAsLong()).isEqualTo(1507);
    }

    @Test
    void neverRunsBackwards() {
        long last = clock.getAsLong();
        for (int i = 0; i < 1000; i++) {
            pass(i * 37 % 1700);
            if (i % 3 == 0) {
                clock.contact();
            }
            assertThat(clock.getAsLong()).isGreaterThanOrEqualTo(last);
            last = clock.getAsLong();
        }
    }
}
