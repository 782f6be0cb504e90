package dev.cohort.protocol.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.cohort.protocol.Limits;
import dev.cohort.protocol.Message;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Decoding any bytes gives a {@link Decoding}, and every accepted message can be encoded again. {@code -Dfuzz.records=N} reads N
 * records instead of 40,000, {@code -Dfuzz.first=S} begins with seed S; each seed gives 100 records.
 */
class FuzzTest {
    private static final int RECORDS_PER_SEED = 100;
    private static final long FIRST = Long.getLong("fuzz.first", 1);
    private static final long RECORDS = Long.getLong("fuzz.records", 40_000);

    private final MessageCodec codec = new MessageCodec("r1", Limits.DEFAULT);
    private final Map<Reason, Long> rejected = new EnumMap<>(Reason.class);
    private long accepted;

    @Test
    void everyRecordEndsInADecoding() {
        for (long seed = FIRST; seed < FIRST + RECORDS / RECORDS_PER_SEED; seed++) {
            records(seed);
        }
        System.out.println("fuzz: " + RECORDS + " records, " + accepted + " accepted, rejected " + rejected);
        assertThat(accepted).isPositive();
        assertThat(rejected.keySet())
                .contains(Reason.MALFORMED, Reason.OVERSIZED, Reason.BAD_TENSOR, Reason.NOT_FINITE, Reason.BAD_VALUE);
    }

    private void records(long seed) {
        RandomMessages messages = new RandomMessages(seed);
        Nonsense nonsense = new Nonsense(seed);
        RandomEnvelopes envelopes = new RandomEnvelopes(seed);
        List<Supplier<Message>> kinds = new ArrayList<>(messages.kinds().values());
        for (int i = 0; i < RECORDS_PER_SEED; i++) {
            byte[] record = switch (i % 4) {
                case 0 -> nonsense.of(codec.encode(messages.prediction(), "p1"));
                case 1 ->
                    nonsense.damaged(codec.encode(
                            kinds.get((int) ((seed + i) % kinds.size())).get(), "p1"));
                default -> envelopes.next();
            };
            read(record, seed, i);
        }
    }

    private void read(byte[] record, long seed, int number) {
        try {
            Decoding decoding = codec.decode(record);
            if (decoding instanceof Decoding.Accepted message) {
                accepted++;
                assertThat(codec.decode(codec.encode(message.message(), message.sender())))
                        .isEqualTo(message);
            } else {
                rejected.merge(((Decoding.Rejected) decoding).reason(), 1L, Long::sum);
            }
        } catch (RuntimeException | Error e) {
            fail("record " + number + " of seed " + seed + ": " + hex(record), e);
        }
    }

    private static String hex(byte[] record) {
        return record.length > 4_000 ? record.length + " bytes" : HexFormat.of().formatHex(record);
    }

    @ParameterizedTest
    @EnumSource(Nonsense.Kind.class)
    void everyKindOfNonsenseEndsInADecoding(Nonsense.Kind kind) {
        Nonsense nonsense = new Nonsense(7);
        RandomMessages messages = new RandomMessages(7);
        for (int i = 0; i < 20; i++) {
            byte[] prediction = codec.encode(messages.prediction(), "p1");
            read(nonsense.of(prediction, kind), 7, i);
        }
        assertThat(accepted + rejected.values().stream().mapToLong(n -> n).sum())
                .isEqualTo(20);
    }
}
