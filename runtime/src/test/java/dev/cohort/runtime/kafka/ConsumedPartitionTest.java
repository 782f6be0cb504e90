package dev.cohort.runtime.kafka;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.Test;

class ConsumedPartitionTest {
    private static final TopicPartition FROM = new TopicPartition("cohort.r.control", 0);
    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final KafkaAddress ADDRESS = KafkaAddress.of("h:1");

    private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("none");
    private final AtomicLong nanos = new AtomicLong();
    private final Offsets read = new Offsets(new ArrayList<>());

    /** Keeps the records read. */
    private record Offsets(List<Long> all) implements RawReading.Sink {
        @Override
        public void record(long offset, long appendedMs, byte[] value) {
            all.add(offset);
        }

        @Override
        public void lost(long fromOffset, OptionalLong toOffset, String why) {
            throw new AssertionError(why);
        }
    }

    private ConsumedPartition partition(long records) {
        consumer.updateBeginningOffsets(Map.of(FROM, 0L));
        consumer.updateEndOffsets(Map.of(FROM, records));
        return new ConsumedPartition(
                consumer, ADDRESS, FROM, Gaps.NOWHERE, Long.MAX_VALUE, new Patience(LIMIT, nanos::get));
    }

    private void add(long offset) {
        consumer.addRecord(new ConsumerRecord<>(FROM.topic(), FROM.partition(), offset, new byte[0], new byte[1]));
    }

    private void passes(Duration time) {
        nanos.addAndGet(time.toNanos());
    }

    @Test
    void doesNotCountWorkBetweenRecordsAsWaiting() {
        try (ConsumedPartition partition = partition(3)) {
            for (long offset = 0; offset < 3; offset++) {
                add(offset);
                while (read.all().size() <= offset) {
                    passes(Duration.ofHours(2));
                    assertThat(partition.advance(read)).isTrue();
                }
            }
            passes(Duration.ofHours(2));
            assertThat(partition.advance(read)).isFalse();
        }
        assertThat(read.all()).containsExactly(0L, 1L, 2L);
    }

    @Test
    void resetsTheWaitAtProgress() {
        try (ConsumedPartition partition = partition(2)) {
            for (long offset = 0; offset < 2; offset++) {
                consumer.schedulePollTask(() -> passes(LIMIT.minusSeconds(1)));
                assertThat(partition.advance(read)).isTrue();
                add(offset);
                while (read.all().size() <= offset) {
                    partition.advance(read);
                }
            }
            assertThat(partition.advance(read)).isFalse();
        }
    }

    @Test
    void givesUpOnASilentBroker() {
        try (ConsumedPartition partition = partition(1)) {
            consumer.schedulePollTask(() -> passes(LIMIT));
            assertThat(partition.advance(read)).isTrue();
            consumer.schedulePollTask(() -> passes(Duration.ofSeconds(1)));
            assertThatThrownBy(() -> partition.advance(read))
                    .isInstanceOf(RunLogException.class)
                    .hasMessageContaining("h:1")
                    .hasMessageContaining("within 300 s")
                    .hasMessageContaining("cohort.r.control-0");
        }
    }
}
