package dev.cohort.peer.process;

import dev.cohort.protocol.Batch;
import dev.cohort.protocol.Images;
import dev.cohort.protocol.Renderer;
import java.util.Comparator;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * Renders batches as they arrive, on one daemon thread, so that their images are ready when training needs them. Its images
 * equal those of the wrapped renderer bit for bit; a batch that was not offered is rendered on the caller's thread.
 *
 * <p>{@link #offer} is for the receiving thread, {@link #render} for the training thread; both may run at once.
 */
public final class PrefetchingRenderer implements Renderer, AutoCloseable {
    private final Renderer renderer;
    private final int batchesMax;
    private final SortedMap<Key, Rendering> ahead =
            new TreeMap<>(Comparator.comparingLong(Key::step).thenComparingInt(Key::slot));
    private final BlockingQueue<Rendering> queue = new LinkedBlockingQueue<>();
    private final Thread thread;
    private long lastRenderedStep;

    private record Key(long step, int slot) {}

    private static final class Rendering extends FutureTask<Images> {
        private final Batch batch;

        Rendering(Renderer renderer, Batch batch, int slot) {
            super(() -> renderer.render(batch, slot));
            this.batch = batch;
        }
    }

    /**
     * Starts the thread.
     *
     * @param renderer must allow calls from several threads, as every renderer of this module does
     * @param batchesMax limit of rendered and queued batches
     */
    public PrefetchingRenderer(Renderer renderer, int batchesMax) {
        if (batchesMax < 1) {
            throw new IllegalArgumentException("batches rendered ahead " + batchesMax + ": must be at least 1");
        }
        this.renderer = renderer;
        this.batchesMax = batchesMax;
        thread = new Thread(this::work, "prefetch");
        thread.setDaemon(true);
        thread.start();
    }

    /**
     * Queues a batch that will be needed. Never blocks.
     *
     * @return false if the batch is not rendered ahead: the limit is reached, or the batch is already known or past
     */
    public boolean offer(Batch batch, int slot) {
        Rendering rendering = new Rendering(renderer, batch, slot);
        synchronized (ahead) {
            Key key = new Key(batch.step(), slot);
            if (ahead.size() >= batchesMax || batch.step() <= lastRenderedStep || ahead.containsKey(key)) {
                return false;
            }
            ahead.put(key, rendering);
        }
        return queue.offer(rendering);
    }

    /** The images; drops earlier steps that were offered and never rendered. */
    @Override
    public Images render(Batch batch, int slot) {
        Rendering rendering;
        synchronized (ahead) {
            rendering = ahead.remove(new Key(batch.step(), slot));
            SortedMap<Key, Rendering> past = ahead.headMap(new Key(batch.step(), Integer.MIN_VALUE));
            past.values().forEach(this::drop);
            past.clear();
            lastRenderedStep = batch.step();
        }
        if (rendering == null || !rendering.batch.equals(batch)) {
            return renderer.render(batch, slot);
        }
        queue.remove(rendering);
        // The first of both threads renders; the other one waits for the result.
        rendering.run();
        return result(rendering, batch, slot);
    }

    @Override
    public Images validationImages() {
        return renderer.validationImages();
    }

    @Override
    public Images testImages() {
        return renderer.testImages();
    }

    /** Ends the thread; later calls render on the caller's thread. */
    @Override
    public void close() {
        thread.interrupt();
    }

    private void drop(Rendering rendering) {
        queue.remove(rendering);
        rendering.cancel(false);
    }

    private Images result(Rendering rendering, Batch batch, int slot) {
        try {
            return rendering.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return renderer.render(batch, slot);
        } catch (ExecutionException e) {
            // Fails again here, with the caller's stack.
            return renderer.render(batch, slot);
        }
    }

    private void work() {
        try {
            while (true) {
                queue.take().run();
            }
        } catch (InterruptedException e) {
            // Closed.
        }
    }
}
