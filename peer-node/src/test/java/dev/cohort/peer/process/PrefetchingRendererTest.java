package dev.cohort.peer.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.cohort.protocol.Batch;
import dev.cohort.protocol.ImageShape;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.Recipe;
import dev.cohort.protocol.Renderer;
import dev.cohort.protocol.SoftLabels;
import dev.cohort.tensor.Digest;
import dev.cohort.tensor.Ints;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
final class PrefetchingRendererTest {
    private final Recording source = new Recording();
    private final PrefetchingRenderer renderer = new PrefetchingRenderer(source, 2);

    @AfterEach
    void close() {
        renderer.close();
    }

    /** One grey pixel: step and slot. Records which thread rendered which batch; step 99 fails. */
    private static final class Recording implements Renderer {
        private record Call(long step, String thread) {}

        private final LinkedBlockingQueue<Call> calls = new LinkedBlockingQueue<>();
        private final CountDownLatch gate = new CountDownLatch(1);

        @Override
        public Images render(Batch batch, int slot) {
            String thread = Thread.currentThread().getName();
            calls.add(new Call(batch.step(), thread));
            if (batch.step() == 99) {
                throw new IllegalArgumentException("step 99");
            }
            if (batch.step() == 50 && thread.equals("prefetch")) {
                await(gate);
            }
            return images((int) batch.step() * 10 + slot);
        }

        @Override
        public Images testImages() {
            return images(7);
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static Images images(int value) {
        return new Images(1, new ImageShape(1, 1, 1), ByteBuffer.wrap(new byte[] {(byte) value}));
    }

    private static Batch batch(long step) {
        return batch(step, 0);
    }

    private static Batch batch(long step, int sample) {
        Ints zero = Ints.of(0);
        Recipe recipe = new Recipe(
                Ints.of(sample),
                List.of(),
                OptionalDouble.empty(),
                0,
                List.of(new Recipe.View(zero, zero, zero, List.of())));
        Digest digest = Digest.ofBytes(new byte[Digest.BYTES]);
        SoftLabels labels = new SoftLabels(2, List.of(zero), List.of(1.0));
        return new Batch(step, 0, false, labels, recipe, List.of(digest), Optional.empty());
    }

    @Test
    void rendersAnOfferedBatchOnceAndOnItsOwnThread() throws Exception {
        assertThat(renderer.offer(batch(1), 3)).isTrue();
        assertThat(source.calls.take()).isEqualTo(new Recording.Call(1, "prefetch"));

        assertThat(renderer.render(batch(1), 3)).isEqualTo(images(13));
        assertThat(source.calls).isEmpty();
    }

    @Test
    void rendersABatchThatWasNotOffered() {
        assertThat(renderer.render(batch(1), 0)).isEqualTo(images(10));
        assertThat(source.calls.remove().thread()).isNotEqualTo("prefetch");
    }

    @Test
    void rendersOnTheCallersThreadWhatThePrefetchThreadHasNotBegun() throws Exception {
        renderer.offer(batch(50), 0);
        assertThat(source.calls.take().step()).isEqualTo(50);
        renderer.offer(batch(51), 0);

        // The thread is blocked in step 50.
        assertThat(renderer.render(batch(51), 0)).isEqualTo(images(510));
        assertThat(source.calls.remove())
                .isEqualTo(new Recording.Call(51, Thread.currentThread().getName()));
        source.gate.countDown();
    }

    @Test
    void keepsNoMoreThanItsLimit() {
        assertThat(renderer.offer(batch(1), 0)).isTrue();
        assertThat(renderer.offer(batch(2), 0)).isTrue();
        assertThat(renderer.offer(batch(3), 0)).isFalse();
        assertThat(renderer.render(batch(3), 0)).isEqualTo(images(30));

        // Steps 1 and 2 will not be rendered any more.
        assertThat(renderer.offer(batch(4), 0)).isTrue();
        assertThat(renderer.offer(batch(5), 0)).isTrue();
    }

    @Test
    void takesEachBatchOnceAndNoPastOnes() {
        assertThat(renderer.offer(batch(5), 0)).isTrue();
        assertThat(renderer.offer(batch(5), 0)).isFalse();
        renderer.render(batch(5), 0);
        assertThat(renderer.offer(batch(4), 0)).isFalse();
    }

    @Test
    void neverReturnsTheImagesOfAnotherBatchOfTheSameStep() throws Exception {
        renderer.offer(batch(1, 0), 0);
        source.calls.take();

        renderer.render(batch(1, 1), 0);

        assertThat(source.calls).hasSize(1);
    }

    @Test
    void failsAsTheWrappedRendererDoes() {
        renderer.offer(batch(99), 0);

        assertThatIllegalArgumentException()
                .isThrownBy(() -> renderer.render(batch(99), 0))
                .withMessage("step 99");
        assertThat(renderer.render(batch(100), 0)).isEqualTo(images(1000));
    }

    @Test
    void continuesWithoutItsThread() {
        renderer.close();
        renderer.offer(batch(1), 0);

        assertThat(renderer.render(batch(1), 0)).isEqualTo(images(10));
        assertThat(renderer.testImages()).isEqualTo(images(7));
    }
}
