package dev.cohort.runtime.session;

import dev.cohort.protocol.Images;
import dev.cohort.protocol.Message;
import dev.cohort.protocol.TestImages;
import dev.cohort.protocol.Topic;
import dev.cohort.runtime.Delivery;
import dev.cohort.runtime.Receiver;
import dev.cohort.runtime.kafka.Following;
import dev.cohort.runtime.kafka.From;
import dev.cohort.runtime.kafka.RunLog;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/** Transfers the test images to peers without the data, in records well below the limit of the topic. */
public final class TestImageTransfer {
    private static final int RECORD_BYTES_MAX = 2 << 20;

    private TestImageTransfer() {}

    /** All of {@code images} as messages. */
    public static List<Message> messages(Images images) {
        int perRecord = Math.max(1, RECORD_BYTES_MAX / images.shape().size());
        List<Message> messages = new ArrayList<>();
        for (int first = 0; first < images.count(); first += perRecord) {
            int count = Math.min(perRecord, images.count() - first);
            ByteBuffer pixels = images.pixels()
                    .slice(first * images.shape().size(), count * images.shape().size());
            messages.add(new TestImages(first, images.count(), new Images(count, images.shape(), pixels)));
        }
        return messages;
    }

    /**
     * Collects the test images from the log.
     *
     * @throws IllegalStateException when they are incomplete and none arrived for {@code silenceMax}
     */
    public static Images await(RunLog log, Duration silenceMax) {
        Collecting collecting = new Collecting();
        Following following =
                log.follow(EnumSet.of(Topic.TEST_BATCHES), OptionalInt.empty(), From.BEGINNING, collecting);
        try {
            if (!following.await(collecting.whole, silenceMax)) {
                throw new IllegalStateException("test images incomplete: none arrived for " + silenceMax.toSeconds()
                        + " s; check that the augmenter runs: it sends them at its start in pixel mode");
            }
            return collecting.whole.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for the test images", e);
        } finally {
            following.close();
        }
    }

    /** Assembles the records, in any order, repeated ones included. */
    private static final class Collecting implements Receiver {
        private final SortedMap<Integer, Images> parts = new TreeMap<>();
        private final CompletableFuture<Images> whole = new CompletableFuture<>();

        @Override
        public boolean offer(Delivery delivery) {
            if (delivery.message() instanceof TestImages part) {
                parts.put(part.first(), part.images());
                int have = parts.values().stream().mapToInt(Images::count).sum();
                if (have == part.total()) {
                    ByteBuffer pixels = ByteBuffer.allocate(
                            part.total() * part.images().shape().size());
                    parts.values().forEach(p -> pixels.put(p.pixels()));
                    whole.complete(new Images(part.total(), part.images().shape(), pixels.flip()));
                }
            }
            return true;
        }
    }
}
